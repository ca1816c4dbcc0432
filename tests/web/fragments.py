"""Whether a fragment is what the page shows."""

import re

CSRF = re.compile(r'<input type="hidden" name="csrfmiddlewaretoken"[^>]*>')


def bare(html):
    """HTML without CSRF inputs and without the white space between tags."""
    text = CSRF.sub("", html.decode() if isinstance(html, bytes) else html)
    return re.sub(r"\s+", " ", re.sub(r">\s+<", "><", text)).strip()
