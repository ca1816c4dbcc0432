def navigation(request):
    """What every page needs of the reader."""
    return {}
