"""Sphinx: the pages of this folder and the docstrings of the package, without the network."""

from gradproof import __version__

project = "gradproof"
author = "the gradproof authors"
copyright = "the gradproof authors"  # noqa: A001 - Sphinx's own name
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_static"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say more than `Callable[..., Any]`
napoleon_google_docstring = False
# Types are words for a reader ("pytree", "callable or True"), not names of classes.
napoleon_use_param = False
napoleon_use_rtype = False
napoleon_use_ivar = False

nitpicky = True
nitpick_ignore = [("py:class", "array")]  # a word, where napoleon looks for a class

html_theme = "furo"
html_title = f"gradproof {release}"
html_static_path = ["_static"]
html_css_files = ["docs.css"]
html_show_sourcelink = False
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
