"""JAX: custom rules (``custom_vjp``, ``custom_jvp``, primitives of one's own) in one jaxpr."""
