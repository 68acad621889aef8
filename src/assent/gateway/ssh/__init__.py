"""The SSH gateway: a server towards people, and one connection a session towards the target.

A client signs in as `NAME`, `NAME:TARGET` or `NAME:ACCOUNT@TARGET`. What it then wants to do comes
as channels; each is an attempt of its own. The subsystem `sftp` is relayed by
`files.serve_sftp(session, client, target, account, tell)`, where `client` and `target` are
`streams.ByteStream`: the two ends of the subsystem, once the session is open. It returns at the
end of both.
"""
