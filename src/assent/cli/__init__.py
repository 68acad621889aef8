"""The command line: a door for people and scripts. Client commands never import the server."""
