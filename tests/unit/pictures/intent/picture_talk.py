"""What people say about pictures and beside them, a line each."""

from __future__ import annotations

WISHES = """
turn this into an anime picture
Can you please make this photo into a watercolour?
anime version of this please
an oil painting version of me
edit this picture: add a hat
turn me into a pirate!
redraw my cat as a knight, please
draw that without the hat
Mach daraus ein Aquarell bitte
transforme ça en aquarelle
convierte esto en una acuarela
trasforma questo in un acquerello
transforme isto em uma aquarela
make it look like winter
make it snow
make it darker
make it night
make it more realistic
make it less dark please
make it black and white
make this photo a watercolour
make it in the style of Van Gogh
make it a cartoon
change it to anime
convert this to pixel art
turn this to a pencil sketch
redo this in oil
draw me as a knight
paint him like a king
sketch her with a crown
change it to night
show me as a cartoon
render it in 3d
can you do a cyberpunk version of this?
give me a zombie version of him
I'd like a winter version of this
make a lego version of my cat
edit this: remove the lamp
change the photo - more light
ok now make it in summer
nice! now make it at night
could you turn her into a mermaid
transform it into stained glass
reimagine this as a film poster
repaint it with brighter colours
turn it into a dragon
turn that into a poster
make them into elves
turn us into superheroes please
please turn my dog into a lion
recolour it like autumn
verwandle das in eine Comiczeichnung
zeichne mich als Pirat
mach das zu einem Ölgemälde
dessine-moi en pirate
change ça en dessin animé
dibuja esto como una caricatura
disegna questo come un fumetto
make it a manga drawing
make it bigger
make it pink
make it look older
make the picture bigger
make it dark and stormy
the same at night
same but in black and white, please
the same picture, but as anime
turn my selfie into a Disney princess
make this a pencil drawing
please turn this photo into a comic book panel
I want this in watercolor
do this in the style of Monet
make this more cinematic
can you colorize this?
colorize this photo
can you restyle this as art deco
try it in black and white
imagine this as a Pixar movie
make an anime version
cartoonify this
"""
"""Said of a picture, each asks for another one made of it."""

PERHAPS = """
add a hat
what would this look like as a painting?
I wonder how it would look in winter
I'd love to see him with a crown
please remove the lamp
without the beard
add some snow
add more trees in the background
give him a beard
give her a red dress
put a hat on him
remove the background
replace the lamp with a candle
make her hair red
change the background to a beach
make the sky purple
with a crown please
take out the text
make his eyes blue
can you remove the people
get rid of the watermark
erase the watermark
with a red hat instead
can you make this look like a Studio Ghibli film?
make me look like a vampire
as an oil painting please
in anime style
anime please
remove the background please
turn her hair blue
change his shirt to red
make the background a forest
put her in a space suit
put him in a medieval castle
"""
"""A change of the picture, or of what is in the room: worth a question."""

TALK = """
make it quick
make it into the house before dark
make it into bed
turn it into cash
change it into something dry
give him the sword
put the coat on her
make the bed
turn the lamp off
turn the lights down low
change the sheets
turn his face to the wall
the same with you
same here
the same old story
with the lights on?
without a coat?
with the lamp
add some wood to the fire
add a pinch of salt
remove your boots please
take away my pain
take that away
paint me a picture of your childhood with words
turn that up
make it hot
make it white hot
make it up as you go
make that coffee black and hurry
make that two coffees
make me one too
make me yours
make them laugh
make him an offer
show me what you found
show her to the door
show me how to row
change it back
keep the change
I'd like to make it right
could you make it louder
let's make it interesting
let's make it official
can you turn this off
can you put this away
would you give me a reason
please give me your hand
and then make it stick
ok turn it over
so make it rhyme
with respect, no
with or without you
without your help I am lost
without further ado
add up the numbers
add insult to injury
give it back
give them hell
replace me and you'll see
make it so
make it stop
make it count
make it two
make it a double
make it to the door
make it up to me
make it in time
make it at noon
make it home safe
make it worth my while
make me a sandwich
make me happy
make me proud
make them pay
make him talk
make her laugh
make that a promise
make this easy for me
make us some tea
give me the lamp
give me a minute
give me a hand
give it to me
give it a try
give it some time
give her my love
give him the letter
with pleasure
with you, always
with all my heart
with a smile like that, how could I refuse?
without you I'd be lost
without a doubt
without question
put that down
put it there
put the kettle on
put your coat on the hook
put a record on
add that to the list
add it to my bill
add wood to the stove
add another log
remove your coat
remove it from here
replace it tomorrow
replace the battery
turn it into a game
turn this into a habit
turn that into an argument
turn this into a fight
turn it off
turn it down
turn around
turn me on
turn that light off
turn this into a reason to stay
change it
change that, please
change the subject
change the lock
change your mind
change me
show me the way
show me your lamp
show me in
show him in please
show them the door
show me around
show me the light
show it to me in the morning
draw the curtains
draw me a bath
draw it out
paint the town red
edit that out of your log
redo it
render unto Caesar
convert me
my version of that is different
that's your version of it
tell me your version of it
I like this version of me
the best version of me
a better version of me
I want the short version of it
this is the true version of it
look at my cat
what do you think of this drawing?
I made this into a lamp
this is my house
she turned it into a party
lol
mach es gut
mach das bitte nicht
mach mich nicht wütend
mach das morgen
mal das so stehen lassen
mal mich überrascht
haz como quieras
haz esto como te digo
fais ça en vitesse
fais ça comme il faut
change en silence
transforma en silencio
make it dark in here and lock the door when you go, will you
make it light enough to carry
make it green with envy, your choice
that's a lovely colour
is that the harbour at night?
who painted this?
I could hang this over the stove
you made it too dark, I think
what a beautiful sunset
it reminds me of winter at home
this looks like my grandfather
that's me!
wow
thank you, I'll keep it
did you take this yourself?
the lamp in it is the one upstairs, isn't it?
more tea?
less talking, more walking
without the lamp we would be lost
with a lamp like that you see every ship
as you wish
in winter the boats stay in
at night I hear them sing
give me your word
give it back to her
give him a moment
put it in the log
add it to the pile
add your name here
remove yourself from my chair
replace me with somebody else, then
make yourself at home
make room for the cat
make it snappy
make it your business
make it all go away
make it better
make it right
make it look easy
make it look like an accident
make it a habit
make it a date
make it ten past five
turn it over, there's writing on the back
turn the page
turn her away
turn him down gently
change places with me
change it for me
let's change the subject to something nicer
draw the line
draw closer
draw your own conclusions
paint it however you like, I'm leaving
show me more of the island
show her the light
show me the picture again tomorrow
transform me, o muse
same time tomorrow
the same again, barkeep
same as always
another day, another storm
can I keep this one?
this would look great in my kitchen
is that you in the back?
your hair was longer then
what a day that was
make sure you rest
make a wish
make the tea strong please
turn in early tonight
turn to page nine
change into dry clothes
paint your door blue before spring
draw up a chair
render assistance if you can
show me how you do that
give him a kiss from me
give her a lamp to carry
put another log on the fire
remove that wet coat of yours
add a spoon of honey to it
replace the bulb with a new one tomorrow
with a heavy heart I must go
without the moon it is too dark
do this for me
use this to open the door
try it again
imagine that
as you like it
in the morning then
same to you
now with feeling
again but slower
turn this boat into the wind
make him a hot drink
make them dance
make her a crown of flowers
change that light bulb
convert them to your cause
let's make it a night to remember
let's turn this into a proper dinner
make it rain money
turn her into your ally
turn it into an adventure
"""
"""The story goes on, although a picture is answered: nothing is drawn, nothing is offered."""
