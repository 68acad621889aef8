"""The gateway for agents: servers of the Model Context Protocol, each call decided when tried."""
