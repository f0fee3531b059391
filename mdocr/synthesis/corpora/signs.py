"""Words of signs, shops, labels and roads, and patterns of numbers and codes."""

SIGNS = """
hotel bank street sale open coffee closed exit entrance enter push pull stop parking park road
avenue lane drive square court place way boulevard bridge station airport school college
university hospital clinic pharmacy church museum gallery theatre theater cinema library office
police fire taxi bus train metro subway tram ferry harbour harbor beach hill lake river island
garden gardens house home inn pub bar cafe restaurant diner grill pizza pizzeria burger burgers
chicken fish chips sushi noodle kebab bakery bread cakes cake ice cream fresh fruit vegetables
meat butcher deli market supermarket store stores shop shopping mall outlet centre center plaza
tower building city town village county state north south east west left right up down no not
warning danger caution slow keep clear out private public property toilet toilets ladies gents
men women wc lift stairs floor level gate platform ticket tickets information info reception
press ring bell call phone telephone mobile free new best big super special offer offers price
prices discount deal deals save clearance cash credit card cards atm exchange money loans tax
insurance travel tours cruise holiday motel lodge resort spa beauty hair salon barber nails
tattoo fashion shoes clothing jeans books book music video dvd games toys gifts flowers florist
jewelry jewellers watches optical eye dental dentist doctor medical health fitness gym yoga
club sports football soccer tennis golf swimming pool bowling dance disco live show concert
festival event events party wine beer whisky vodka rum liquor spirits tea juice water cola milk
sugar salt pepper chocolate candy cookies rice pasta soup salad steak seafood breakfast lunch
dinner menu welcome thank you please sorry smoking dogs danger high voltage emergency ambulance
first aid assembly point hard hat area site work men workers road works diversion detour ahead
yield give one two way only speed limit zone max min height width weight loading residents
permit holders tow away garage tyres tires car wash repair service services auto motors motor
petrol gas diesel fuel rent rental hire cars van trucks delivery express mail post letters
stamps newspaper news times daily herald star sun world globe international national american
british french italian chinese indian thai mexican english royal queen king prince victoria
grand central union liberty freedom peace love happy life dream magic golden silver diamond
pearl crystal rainbow sunset sunrise moon night day week month year january february march
april june july august september october november december monday tuesday wednesday thursday
friday saturday sunday today tomorrow hours am pm noon the and of for to in on at by with from
your our my we all more now here this is it be us go get buy sell trade computer computers
software digital electronics camera photo print printing copy design studio art arts craft
furniture kitchen bath bed carpet paint hardware tools electric plumbing heating solar energy
power light lighting company limited group partners brothers sons bros inc ltd co corp
""".split()  # noqa: SIM905

NAMES = """
america africa asia europe canada mexico brazil england ireland scotland france germany italy spain
portugal greece turkey russia china japan korea india vietnam thailand australia alabama alaska
arizona arkansas california carolina colorado connecticut dakota delaware florida georgia hawaii
idaho illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan
minnesota mississippi missouri montana nebraska nevada hampshire jersey york ohio oklahoma oregon
pennsylvania rhode tennessee texas utah vermont virginia washington wisconsin wyoming albany
albuquerque anaheim arlington atlanta austin baltimore berkeley boston boulder brooklyn buffalo
burlington cambridge charleston charlotte chicago cincinnati cleveland columbia columbus concord
dallas dayton denver detroit durham fremont fresno glendale greensboro hartford hollywood honolulu
houston irvine jacksonville knoxville lancaster lansing lexington lincoln louisville madison
manhattan memphis miami milwaukee minneapolis nashville newark norfolk oakland omaha orlando oxford
pasadena philadelphia phoenix pittsburgh portland princeton providence raleigh richmond riverside
rochester sacramento salem santa diego antonio francisco jose monica barbara clara cruz ana rosa fe
savannah scottsdale seattle spokane springfield stamford stockton syracuse tacoma tampa toledo
topeka trenton tucson tulsa vancouver venice vegas angeles los san saint st windsor worcester london
manchester liverpool birmingham bristol leeds glasgow edinburgh dublin belfast cardiff brighton bath
paris lyon berlin munich hamburg frankfurt vienna zurich geneva rome milan naples florence madrid
barcelona lisbon athens istanbul moscow warsaw prague amsterdam brussels copenhagen stockholm oslo
helsinki tokyo kyoto osaka seoul beijing shanghai hong kong singapore bangkok delhi mumbai bombay
calcutta madras bangalore sydney melbourne toronto montreal quebec havana cairo chinatown downtown
uptown midtown riverfront waterfront broadway adams alexander allen anderson andrew angela anna
anthony arthur baker barnes bell bennett benjamin bill billy bob bobby brandon brian brooks brown
bryant burns butler campbell carl carlos carol carter charles charlie chris clark cole collins cook
cooper cox craig daniel dave david davis dennis diana diaz donald douglas edward edwards elizabeth
emily eric evans foster frank fred gary george gonzalez gordon grace graham grant gray green greg
griffin hall hamilton harris harrison harry harvey hayes helen henderson henry hernandez howard
hudson hughes jack jackson jacob james jane janet jason jeff jenkins jennifer jerry jessica jim
jimmy joe john johnny johnson jones jordan joseph josh juan julia julie karen kate kathy keith kelly
ken kennedy kevin kim king larry laura lee leo leonard lewis linda lisa lopez louis lucas lucy luke
maria marie mario mark marshall martha martin martinez mary mason matt matthew max mcdonald mckenzie
mcgraw mclean mike miller mitchell moore morgan morris murphy murray myers nancy nathan nelson
nicholas nick nicole oliver olivia oscar parker patrick paul perry peter peterson phillips pierce
porter powell rachel ralph ramirez ray raymond rebecca reed reynolds richard richardson rick rivera
robert roberts robin robinson rodriguez roger rogers ron rose ross roy russell ryan sally sam samuel
sandra sara sarah scott sean shaw simon simpson smith sofia sophia stella stephen steve stevens
stewart stuart sullivan susan taylor teresa terry thomas thompson tim tina todd tom tony tyler
vincent walker wallace walter ward warren watson wayne webb wendy wells wesley white william
williams wilson wood woods wright young zach
""".split()  # noqa: SIM905

TRADES = """
academy accessories accounting acupuncture adult advertising afternoon agency agent airline airlines
airways alley alliance alterations amusement animal annex antique antiques apartment apartments
appliance appliances appraisal aquarium arcade arena armory artist artists assistance associates
association attorney attorneys auction auditorium authentic authority autobody automatic automotive
ave avenida baby bagel bagels bags balcony ballet ballroom bank banking banquet baptist barbecue
barbeque bargain bargains baseball basement basketball batteries bay bazaar beads bead beauty bed
bedding beds beef beers belt benefit best beverage beverages bicycle bicycles bikes bike billiards
biscuits bistro black blinds block blue blvd board boat boats bodega body boots botanical boutique
bowl boxing brake brakes brand brasserie brazilian breakfast brew brewery brewing brick bridal
broker brokers brunch buffet builders bureau burrito business businesses butter buy cab cabaret
cabinet cabinets cable cajun calzone camera camp campus canal candle candles canyon cape capital
capitol car cardinal care carnival carpets casa cash casino castle catering cathedral catholic
cellar cellular cemetery century ceramics certified chamber champagne channel chapel charity charter
chase check checks cheese cheesecake chef cherry chicago child children childrens chili chiropractic
chiropractor choice chop chrysler cigar cigarettes cigars circle citizens civic classic classics
cleaners cleaning clear clients cliff clinic clocks closet cloud coach coast cocktail cocktails coin
coins cold collectibles collection college collision comedy comfort comics commerce commercial
commission commons communications community concrete condominiums conference construction
consultants consulting consumer contact continental contractor contractors convenience convention
cookie cooking cooling corner corporate corporation cosmetics costume costumes cottage council
counseling country courier courtyard couture cove cowboy crab crafts creamery creations creative
credit creek creole crescent crossing crown cruises cuisine cultural culture cup cupcakes curry
custom cut cuts cycle cycles dairy dancing dart dealer decor delicatessen delicious deluxe denim
dental dentistry department depot desert designer designs dessert development dining direct
discovery dispensary distributors district doctors dog doll dollar dolls dominion door doors double
dragon draperies dream dreams dress drinks drive driving drug drugs dry duck dumpling eagle earth
eastern eatery eats economy education eggs elegant elementary elevator embassy embroidery empire
employment energy engineering enterprise enterprises entertainment equipment escape espresso estate
estates evening exchange executive exhibit exotic expo exposition exterior eyewear fabric fabrics
factory fair family famous fantasy farm farmers farms fashions fast federal feed fence ferry fiesta
financial fine finest fireplace first fisherman fishing fitness five flag flats floor flooring
floral flower folk food foods foot footwear forest formal fort foundation fountain fourth frames
framing freeway fried friendly friends frozen fuel funeral fun fusion galleria game games gaming
garage garlic gas gate gateway general gentle giant gift glass glasses global gourmet government
graphics green grille grocery grooming guest guide guitar guitars gun guns gym gyro haircut haircuts
halal hall ham handmade happy harmony harvest haven hawaiian hawk headquarters healing health
hearing heart heaven heights helmet herbal herbs heritage hideaway highway hills historic history
hobby hobbies holistic hollow holy homes honda honey hop horizon horse hospitality hostel hot houses
housing hunting ideal image imaging imperial import imports independent industrial industries indoor
infant injury inns institute insurance interior interiors internet investment investments iron
island islands issue jazz jet jewel jeweler jewelers jewellery joint journal joy judicial juice
jungle junior justice karaoke karate kettle key keys kids kind kingdom kings kitchen kitchens knife
knights korean lab labor laboratory labs lady laser latin laundromat laundry law lawn lawyer lawyers
leader league learning lease leasing leather lebanese legal legend legends lemon lens level library
life lifestyle lighthouse lights limousine linen lingerie lion liquors little loan lobby lobster
local lock locksmith loft logistics lotto lottery lotus lounge love lucky luggage lumber luncheon
luxury machine machinery magazine magazines magnolia mail main maintenance management mango manor
maple marble marine mariner maritime marketing marketplace marriage martial massage masters
maternity mattress medicine mediterranean memorial mens mercantile merchandise merchants mercury
metal methodist metropolitan middle mile military mill mills mind mine minerals mini mint mirror
mission mobile modern money monument moose mortgage mosaic motel motion motor motorcycle motorcycles
mountain movers movie movies moving municipal muffler museum mushroom mustang mutual nail nation
nature nautical naval neighborhood network newsstand nightclub nine noble noodles northern northwest
notary nursery nursing nutrition nuts oak oaks oasis ocean oceanfront offices oil old olive olympic
one optical optician optics optometrist optometry orange orchard orchid organic organics oriental
original originals orthodontics outdoor outdoors outfitters outlets oven oyster pacific package pain
painted painting paints palace palm pancake pancakes panda paper paradise paralegal parcel park
parkway parts party passage passport pastries pastry patio patrol pawn peak peking penguin perfect
performance performing perfume pet pets petite pharmacies pho photos photography physical physicians
piano pianos picture pie pier pierce pies pilates pilot pine pines pink pioneer pipe pirate pit pita
pizzas plant plants plastic plate platinum play playground playhouse plaza plus pocket point polish
political pond pony pool pools pop popcorn popular porcelain port portrait portraits post poster
posters postal pottery poultry prayer precious preferred premier premium presbyterian preschool
present presents preservation press pretzel pretzels primary prime printers private pro produce
products professional professionals program project promenade properties property protection psychic
psychology publishing pump pure quality quarter quick quilt quilts rabbit race racing radiator radio
rail railroad railway rainforest ramp ranch rare real realtors realty reception record records
recovery recreation recycling red reflections refuge refreshments regal regency region regional
register rehabilitation relax religious remodeling renaissance rentals residence residences
residential resource restaurants restroom restrooms retail retirement review ribs rice ride ridge
rink ritz rivers roast roasters rock rocket rocky rod roofing room rooms roost roots rotary round
route rug rugs rugby running rush russian rustic saddle safari safe safety sail sailing saint sales
saloon salons salsa sanctuary sand sandwich sandwiches sandy sauce sausage sauna savings scene
scenic school science scooter scooters screen sculpture seafoods season seasons seat second secret
securities security self senior serenity service seven shack shades shadow shake shakes shaped shark
shell shelter sheriff shine ship shipping shipyard shoe shooting shops shore shoreline short
showcase showroom shrimp shuttle side sierra sign signature signs silk silver simply six skate
skateboard skin sky smart smoke smokehouse smoothie smoothies snack snacks snow social society socks
soda sofa solution solutions soul sound source southern southwest souvenir souvenirs spanish spark
special specialist specialists specialties specialty spectrum speed spice spices spicy spine spirit
sporting sport sportswear spot spring springs square squirrel stables stadium stage standard stars
state stationery stations steak steakhouse steaks steam steel stereo stitch stock stone stones
storage story strategic stream street streets stress strip studios style styles stylist subs suite
suites sugar summit sun sundries sunglasses sunny sunshine super superior supplies supply surf
surfboards surgeons surgery surplus surveillance sweet sweets swim swimwear swiss symphony synagogue
system systems tabernacle table tacos taco tailor tailoring tailors tan tanning tap tapas taqueria
target taste tasty tavern taverna taxes teacher team teas tech technical technologies technology
teen telecom temple temporary ten teriyaki terminal terrace territory theatres therapy thermal
thrift tickets tiger tile tiles timber time title tobacco tofu tokens tool top total touch tour
tourism tourist towers towing town townhouse toy toyota track tractor trader traders trading
traditional trail trailer trails training transfer transit translation transmission transmissions
transport transportation traveler treasure treasures treatment tree trees trends tri tribune
trimming trinity triple tropical trophy trophies truck trust tuition tunnel turf turkey tuxedo
tuxedos twin two type ultimate ultra umbrella underground uniform uniforms union unique united unity
universal universe upholstery urban urgent used vacation vacuum valley value van vanilla variety
vegan vegetarian vehicle vending venture veteran veterans veterinary via victorian video videos view
vintage vineyard violin vip vision visitor visitors vista vital vitamin vitamins volunteer voyage
wagon walk wall wallpaper warehouse watch watches waters waterfall wave wax wear weather web wedding
weddings weekly welding wellness west western wheel wheels whisky whistle white whole wholesale
wicker wide wild wildlife willow windows wines wings winner winter wireless wishes wok wolf woman
women womens wonder wonderful wonders wood wooden woods woodworking wool workshop works worship wrap
wraps writers yacht yard yards yarn yellow yogurt yoghurt youth zen zone zoo
""".split()  # noqa: SIM905

TEMPLATES = """
# ## ### #### ##### ###### ####### ######## ########## #% ##% ##.#% ### $# $## $#.## $##.## $###.##
$#,### $##,###.## #.# #.## ##.# ##.## ###.## #,### ##,### #,###,### 19## 20## 18## 19##-## 20##-20##
#:## ##:## ##:##:## #am #pm ##am #:##pm ##:##am ##:##AM #-# #-## ##-## ##/## #/# ##/##/#### ##.##.##
##.##.#### ####-##-## ###-#### ###-###-#### (###)###-#### 1-800-###-#### +##-###-#### +###########
#### ### No.# No.## No# #st #nd #rd #th ##th #x# #+# #=# #km ##km ##kg ##ml ###g ##mph #m #.#m ##cm
^# ^## ^### ^#### #^ ##^ ^^# ^^## ^^### ^^#### ##^^ ^^^### ^^##^^^ ^###^^^ ###^^^ ^^-## ^^^-#### ^-#
#^^^### ^^##_____ ^. ^.^. ^.^.^. ^&^ ^^ ^^^ ^/^ ^-^ _# _## __## _-## v#.# v#.#.# #.#.#
##.###.##.# ##GB
#* ** *## <# ># <## [#] (#) (##) {#} #! #? #; #: "#" '## ~# ~## ##\\## #|# ^_## ^+ ^* ^+^ =## @^##
""".split()  # noqa: SIM905
"""Patterns: # is a digit, ^ a capital, _ a small letter; all else is literal."""

FALLBACK = """
a about above after again against air all along also always and animal another answer any are
around as ask away back be became because become bed before began begin behind being below best
better between big black blue body book both box boy bring brought build but by call came can
car carry change children city close cold come complete could country course cut dark day deep
did different distance do does dog done door down draw drive each early earth ease east eat end
enough even ever every example eye face fact family far farm fast father feel feet few field
figure final find fine fire first fish five fly follow food foot for force form found four free
friend from front full game gave get girl give go gold good got govern great green ground group
grow had half hand happen hard has have he head hear heat help her here high him his hold home
horse hot hour house how hundred idea if in inch interest island it just keep kind king knew
know land language large last late laugh lay lead learn leave left less let letter life light
like line list listen little live long look love low machine made main make man many map mark
measure men might mile mind minute miss money moon more morning most mother mountain move much
music must name nature near need never new next night north nothing notice noun now number
object ocean of off often old on once one only open or order other our out over own page paper
part pass pattern people perhaps person picture piece place plain plan plane plant play point
power present press problem produce product pull question quick rain ran reach read ready real
record red remember rest right river road rock room round rule run said same saw say school
science sea second see seem self sentence serve set several shape she ship short should show
side simple since sing six size sleep slow small snow some song soon sound south spell stand
star start state stay step still stood story street strong study such sun sure surface table
take talk teach tell ten test than that the their them then there these they thing think this
those though thought thousand three through time together told too took top toward town travel
tree true try turn two under unit until up use usual very voice vowel walk want war warm was
watch water way week weight well went were west what wheel when where which while white who
whole why will wind with wonder wood word work world would write year yes yet you young your
""".split()  # noqa: SIM905
"""Common words, for machines without word lists."""
