"""How Sphinx builds the site: `make docs`."""

import re

import seqcompare

project = "seqcompare"
author = "The seqcompare developers"
copyright = author  # noqa: A001  # Sphinx's name for it
version = release = seqcompare.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "py:obj"

# links into the text of a page by its headings, as they are read on the forge
myst_heading_anchors = 3

autosummary_generate = True
autodoc_typehints = "none"
# members are shown by the template, each once
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

html_theme = "pydata_sphinx_theme"
html_title = "seqcompare"
html_show_sourcelink = False
html_sidebars = {page: [] for page in ("index", "architecture", "extend", "extend-around")}
html_theme_options = {
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}


def plain_shapes(app, what, name, obj, options, lines):
    """Escape what stands in shapes and signatures, such as ``n_outputs_`` and ``**settings``, for Sphinx."""
    for i, line in enumerate(lines):
        pieces = line.split("`")
        for j in range(0, len(pieces), 2):
            pieces[j] = re.sub(r"(?<=[(, ])(\w+)_(?=[,) ])", r"\1\_", pieces[j])
            pieces[j] = re.sub(r"(?<=[(, ])\*\*(?=\w)", r"\*\*", pieces[j])
        lines[i] = "`".join(pieces)


def setup(app):
    """Have docstrings made plain before numpydoc reads them."""
    app.connect("autodoc-process-docstring", plain_shapes, priority=400)
