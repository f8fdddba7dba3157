"""The frozen nouns that pass from stage to stage."""
