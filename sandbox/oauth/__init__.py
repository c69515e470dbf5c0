"""What the sandbox's OAuth 2 and OpenID providers share: keys, codes, clients, requests."""
