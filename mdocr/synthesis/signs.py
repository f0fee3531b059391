"""Words that stand on signs, shops, labels and roads, and the shapes of numbers and codes."""

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
"""Shapes of texts: # is a digit, ^ a capital, _ a small letter; the rest stands for itself."""

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
"""Common words, for machines without a word list."""
