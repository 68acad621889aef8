"""The gateway for HTTP: web applications and APIs, each request decided when it is sent."""
