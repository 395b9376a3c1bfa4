"""The encryption secrets of a database: registration, registry, rotation."""
