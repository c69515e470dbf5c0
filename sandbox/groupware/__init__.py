"""The groupware: sites as desired state, operations, usage, users (contracts/groupware.md)."""
