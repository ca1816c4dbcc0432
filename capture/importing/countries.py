"""Countries as people write them, as the region their phone numbers are dialled in."""

import phonenumbers

from leads.rules import fold_for_search

_NAMES = {
    "AE": "united arab emirates|uae",
    "AR": "argentina",
    "AT": "austria|osterreich",
    "AU": "australia",
    "BE": "belgium|belgie|belgique|belgien",
    "BG": "bulgaria",
    "BR": "brazil|brasil",
    "CA": "canada",
    "CH": "switzerland|schweiz|suisse|svizzera",
    "CL": "chile",
    "CN": "china",
    "CO": "colombia",
    "CZ": "czech republic|czechia|cesko",
    "DE": "germany|deutschland|allemagne",
    "DK": "denmark|danmark",
    "EE": "estonia",
    "EG": "egypt",
    "ES": "spain|espana|espagne|spanien",
    "FI": "finland|suomi",
    "FR": "france|frankreich",
    "GB": "united kingdom|uk|great britain|england|scotland|wales|northern ireland",
    "GR": "greece|hellas",
    "HK": "hong kong",
    "HR": "croatia|hrvatska",
    "HU": "hungary|magyarorszag",
    "ID": "indonesia",
    "IE": "ireland|eire",
    "IL": "israel",
    "IN": "india",
    "IS": "iceland",
    "IT": "italy|italia|italien",
    "JP": "japan",
    "KE": "kenya",
    "KR": "south korea|korea|republic of korea",
    "LT": "lithuania",
    "LU": "luxembourg|luxemburg",
    "LV": "latvia",
    "MX": "mexico",
    "MY": "malaysia",
    "NG": "nigeria",
    "NL": "netherlands|the netherlands|nederland|niederlande|holland",
    "NO": "norway|norge",
    "NZ": "new zealand",
    "PE": "peru",
    "PH": "philippines",
    "PK": "pakistan",
    "PL": "poland|polska|polen",
    "PT": "portugal",
    "RO": "romania",
    "RS": "serbia",
    "RU": "russia|russian federation",
    "SA": "saudi arabia",
    "SE": "sweden|sverige|schweden",
    "SG": "singapore",
    "SI": "slovenia",
    "SK": "slovakia",
    "TH": "thailand",
    "TR": "turkey|turkiye",
    "TW": "taiwan",
    "UA": "ukraine",
    "US": "united states|usa|united states of america|us of america|america",
    "VN": "vietnam|viet nam",
    "ZA": "south africa",
}
_REGIONS = {name: region for region, names in _NAMES.items() for name in names.split("|")}


def phone_region(country):
    """The ISO 3166 code of a country written out or as a code, or None."""
    code = country.strip().upper()
    if code in phonenumbers.SUPPORTED_REGIONS:
        return code
    return _REGIONS.get(fold_for_search(country))
