"""The back office: thin admin classes and own pages whose buttons call actions."""
