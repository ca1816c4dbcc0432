"""Phone numbers that the regulators keep free for films and books, so that nobody real is ever called.

United States: 555-0100 to 555-0199 in any area code (NANPA). United Kingdom: the drama numbers of Ofcom. Germany: the
"Drama-Nummern" of the Bundesnetzagentur. France: the ranges of Arcep for audiovisual works. Sweden: the numbers of
PTS for books and films. Australia: the fictitious numbers of ACMA.
"""

# Country: patterns in which each # is any digit.
RANGES = {
    "United States": (
        "+1 212 555 01##",
        "+1 312 555 01##",
        "+1 415 555 01##",
        "+1 503 555 01##",
        "+1 512 555 01##",
        "+1 617 555 01##",
        "+1 702 555 01##",
        "+1 720 555 01##",
    ),
    "United Kingdom": (
        "+44 20 7946 0###",
        "+44 113 496 0###",
        "+44 117 496 0###",
        "+44 131 496 0###",
        "+44 161 496 0###",
    ),
    "Germany": ("+49 30 23125 ###", "+49 40 66969 ###", "+49 69 90009 ###", "+49 89 99998 ###", "+49 221 4710 ###"),
    "France": ("+33 1 99 00 ## ##", "+33 4 65 71 ## ##", "+33 5 36 49 ## ##"),
    "Sweden": ("+46 8 465 004 ##", "+46 31 390 06 ##"),
    "Australia": ("+61 2 5550 ####", "+61 3 5550 ####"),
}
# Countries without a range of their own here give the number of an office in Berlin.
ELSEWHERE = ("+49 30 23125 ###",)


def invent_phone(chance, country):
    """A number of the country, as people write it down."""
    pattern = chance.choice(RANGES.get(country, ELSEWHERE))
    return "".join(str(chance.randrange(10)) if sign == "#" else sign for sign in pattern)
