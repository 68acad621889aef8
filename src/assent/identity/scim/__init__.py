"""SCIM 2.0: what an identity provider puts here (RFC 7643, RFC 7644)."""
