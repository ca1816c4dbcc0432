"""The words that invented people and companies are made of."""


def _words(text):
    return tuple(text.split())


FIRST_NAMES = _words("""
Aaliyah Abebe Adaeze Agnes Aiko Alejandra Amara Amir Ana Anders Andrea Anja Anneke Arjun Astrid Ayumi Beatriz Benedikt
Bilal Birgit Bram Camila Carmen Cem Chen Chidi Claire Clara Dagmar Daniela Dariusz Deepa Diego Dmitri Edith Eduardo
Elena Emeka Emily Enrico Esra Esther Fatima Feng Fiona Florian Freya Gabriel Giulia Grace Greta Guillermo Hannah Hana
Hassan Heidi Hiroshi Hugo Ibrahim Ines Ingrid Irina Isabel Ivan Jakub Jamila Jan Jasmin Javier Jens Joana Johanna
Jonas Jorge Kamala Karim Katarzyna Kenji Kerstin Kofi Kwame Lars Laura Leila Lena Liam Lin Linnea Lucia Luis Maja
Malik Marek Maria Marit Martin Mateo Mehmet Mei Miguel Milena Mina Miriam Moritz Nadia Naomi Nia Nikolai Noah Noor
Nora Olga Oluwaseun Omar Oskar Paolo Patricia Paul Petra Pia Priya Rafael Rana Rebecca Renata Rosa Ruth Saanvi Samira
Samuel Sanjay Sara Sibylle Sigrid Simone Sofia Stefan Sunita Svetlana Tamar Tariq Theresa Thomas Tomasz Ulla Valentina
Vera Viktor Wanjiru Wei Xavier Yara Yasmin Yusuf Zeynep Zofia
""")

LAST_NAMES = _words("""
Abara Achterberg Adeyemi Almqvist Amadi Anand Andersson Arslan Asante Bakker Banerjee Barros Bauer Becker Belmonte
Bergstrom Bianchi Blanc Bianco Boateng Borg Brandt Brennan Bustos Caldwell Campos Cardoso Castellano Chaudhary Cheng
Chikezie Cohen Costa Dahl Dang Delacroix Demir Diallo Dietrich Dimitrov Dubois Dvorak Eklund Engel Eriksen Esposito
Falk Farouk Ferrari Fischer Fitzgerald Fontaine Friedrich Fujita Gallagher Garcia Gerlach Ghosh Grabowski Greene Gupta
Haddad Hagen Hansen Hartley Hernandez Hoang Holm Horvath Huang Ibarra Ishikawa Ivanova Iyer Jablonski Jain Jensen
Johansson Kaminski Kariuki Kato Keller Khalil Kowalski Kruger Kumar Laurent Lehmann Lindqvist Lopes Lorenz Lund
Madsen Mahlangu Maier Marchetti Marinov Martins Mbeki Mendoza Moreau Moretti Morita Mukherjee Nakamura Navarro Ndiaye
Nguyen Nielsen Novak Nowak Nwosu Oconnell Odhiambo Okafor Olsen Ortega Osei Ozturk Park Patel Pereira Petrov Pham
Quintero Rahman Ramos Reddy Renard Ricci Rivera Romero Rossi Rousseau Saito Salazar Sandoval Santos Sato Schaefer
Schneider Schubert Serrano Shah Silva Singh Sokolov Solberg Sorensen Steiner Suzuki Svensson Takahashi Tanaka Teixeira
Tesfaye Thorsen Toth Tran Unger Vargas Vasquez Verma Vidal Vogel Volkov Wagner Walsh Weber Weiss Wieczorek Winkler
Wójcik Yamamoto Yildiz Zhang Ziegler Zimmermann Łukasik Müller Núñez Håkansson Çelik
""")

COMPANY_FIRSTS = _words("""
Alder Amber Anchor Arc Aspen Atlas Aurora Beacon Birch Blue Bridge Brook Cedar Circle Clay Cliff Cloud Cobalt Copper
Coral Crane Crest Delta Drift Dune Eagle East Echo Elm Ember Falcon Fern Fjord Flint Forest Forge Garnet Glen Granite
Green Grove Harbour Hazel Heron High Hill Iron Ivory Jade Juniper Kestrel Lake Lark Laurel Leaf Lime Linden Lunar Maple
Marsh Meadow Meridian Mill Mint Moor Moss North Nova Oak Ocean Olive Onyx Opal Orchard Otter Park Pearl Pebble Pine
Polar Poplar Prism Quarry Quill Rain Raven Reed Ridge River Robin Rowan Saffron Sage Sand Silver Slate South Sparrow
Spruce Star Stone Sun Swift Tern Thistle Tide Timber Topaz Vale Velvet Violet West Willow Wind Winter Wren Yew Zephyr
""")
COMPANY_SECONDS = _words("""
bank bay bridge brook castle cliff cove cross dale field ford gate glen grove harbour haven heath hill hold house land
line lock mark mere mill moor point port reach ridge shore side spring stead stone street view wall water way well wick
wood works worth yard
""")

# Industry: what its companies call themselves.
INDUSTRIES = {
    "Manufacturing": ("Manufacturing", "Machine Works", "Tools", "Plastics", "Components"),
    "Logistics": ("Logistics", "Freight", "Warehousing", "Transport"),
    "Retail": ("Stores", "Retail", "Markets", "Trading"),
    "Food and drink": ("Foods", "Bakeries", "Brewery", "Dairy"),
    "Hotels": ("Hotels", "Resorts", "Inns"),
    "Agriculture": ("Farms", "Growers", "Greenhouses"),
    "Health care": ("Clinics", "Health", "Care Homes"),
    "Property": ("Estates", "Housing", "Properties"),
    "Education": ("College", "Academy", "Schools"),
    "Software": ("Software", "Data", "Systems"),
    "Public sector": ("Council", "Utilities", "Swimming Pools"),
}
LEGAL_FORMS = {
    "Germany": ("GmbH", "AG", "KG"),
    "Austria": ("GmbH",),
    "United Kingdom": ("Ltd", "plc"),
    "United States": ("Inc.", "LLC"),
    "France": ("SARL", "SAS"),
    "Sweden": ("AB",),
    "Netherlands": ("BV",),
    "Poland": ("Sp. z o.o.",),
    "Spain": ("SL",),
    "Australia": ("Pty Ltd",),
}
# Country: its time zone when all of it has one, how postal codes look, and cities with their region and time zone.
PLACES = {
    "Germany": (
        "#####",
        (
            ("Berlin", "Berlin", "Europe/Berlin"),
            ("Hamburg", "Hamburg", "Europe/Berlin"),
            ("Köln", "Nordrhein-Westfalen", "Europe/Berlin"),
            ("Leipzig", "Sachsen", "Europe/Berlin"),
            ("München", "Bayern", "Europe/Berlin"),
            ("Frankfurt am Main", "Hessen", "Europe/Berlin"),
        ),
    ),
    "Austria": ("####", (("Wien", "Wien", "Europe/Vienna"), ("Graz", "Steiermark", "Europe/Vienna"))),
    "United Kingdom": (
        "ZZ# #ZZ",
        (
            ("London", "Greater London", "Europe/London"),
            ("Leeds", "West Yorkshire", "Europe/London"),
            ("Bristol", "Bristol", "Europe/London"),
            ("Edinburgh", "Scotland", "Europe/London"),
        ),
    ),
    "United States": (
        "#####",
        (
            ("New York", "NY", "America/New_York"),
            ("Boston", "MA", "America/New_York"),
            ("Chicago", "IL", "America/Chicago"),
            ("Austin", "TX", "America/Chicago"),
            ("Denver", "CO", "America/Denver"),
            ("Portland", "OR", "America/Los_Angeles"),
        ),
    ),
    "France": ("#####", (("Lyon", "Rhône", "Europe/Paris"), ("Nantes", "Loire-Atlantique", "Europe/Paris"))),
    "Sweden": ("### ##", (("Göteborg", "Västra Götaland", "Europe/Stockholm"), ("Uppsala", "", "Europe/Stockholm"))),
    "Netherlands": ("#### ZZ", (("Utrecht", "Utrecht", "Europe/Amsterdam"), ("Breda", "", "Europe/Amsterdam"))),
    "Poland": ("##-###", (("Gdańsk", "Pomorskie", "Europe/Warsaw"), ("Kraków", "Małopolskie", "Europe/Warsaw"))),
    "Spain": ("#####", (("Valencia", "Valencia", "Europe/Madrid"), ("Bilbao", "País Vasco", "Europe/Madrid"))),
    "Australia": ("####", (("Melbourne", "VIC", "Australia/Melbourne"), ("Perth", "WA", "Australia/Perth"))),
}
COUNTRY_WEIGHTS = (30, 5, 18, 22, 7, 5, 5, 4, 3, 3)  # in the order of PLACES
STREETS = (
    "Station Road",
    "Mill Lane",
    "Harbour Street",
    "Market Square",
    "Garden Row",
    "Bridge Street",
    "Old Works",
    "Canal Side",
)

# What part in the decision: who says so.
TITLES = {
    "decides": ("Managing director", "Owner", "Chief operating officer", "Partner", "Head of facilities"),
    "decides_with_others": ("Head of operations", "Chief financial officer", "Plant manager", "Board member"),
    "recommends": ("Energy manager", "Facility manager", "Sustainability officer", "Purchasing manager"),
    "no_part_in_it": ("Assistant", "Working student", "Technician", "Journalist"),
    None: ("Facility manager", "Office manager", "Engineer", "Purchasing manager", "Head of operations", ""),
}
