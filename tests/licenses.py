"""The licenses that dependencies may have."""

PERMISSIVE = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CNRI-Python", "MIT", "MIT-0"),
    *("PSF-2.0", "Public Domain"),
    # As older metadata says it.
    # A BSD license with a clause on trademarks.
    "Zope Public License",
    *("Apache Software License", "BSD License", "BSD", "MIT License"),
}
