from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class WithoutLeftovers(StaticFilesConfig):
    """collectstatic leaves out what no page asks for: of Tabler's nine hundred files pages use one or two."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        *("*.map", "*.rtl.*", "*.esm.*", "tabler-*", "tabler.css", "tabler.js"),
    ]


class HashedStorage(CompressedManifestStaticFilesStorage):
    """Hashed and compressed files; a page that names a file there is none of fails.

    A reference inside a package's own file to one that it does not ship, such as a source map, is left as it is.
    """

    manifest_strict = True
    support_js_module_import_aggregation = True

    def hashed_name(self, name, content=None, filename=None):
        try:
            return super().hashed_name(name, content, filename)
        except ValueError:
            return name
