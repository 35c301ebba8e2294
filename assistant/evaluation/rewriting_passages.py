"""What the rewriting check is made with: short paragraphs of many registers, written for it, full of facts to lose."""

PASSAGES = (
    # Work mail
    "Thank you for sending the figures so quickly, Marta. I have gone through them twice, and the only line that "
    "puzzles me is the 4,200 for repairs in March, which seems a great deal for a gate that was replaced in 2019. "
    "Could you ask Tobias what it was for before we meet on Thursday?",
    "I am afraid we shall have to move the stand-up again, because the big room is booked until half past nine on "
    "Tuesdays from now on and nobody wants to stand in the corridor with the printer. My suggestion is Wednesday at "
    "8:45, which suits everyone except Hanna, who has been asked and says that she will survive it.",
    "Just a short note to say that the delivery from Lindqvist arrived this morning, two days late and one pallet "
    "short. I signed for 36 boxes instead of 48 and wrote the difference on the slip. The driver did not argue. I "
    "think he has had this conversation before.",
    "Before you answer the council, please read the letter of 12 May once more, and in particular the second page. "
    "They do not refuse the permit at all; what they say is that it cannot be granted until the survey has been made,"
    " and that is a thing which we can pay for.",
    # Letters
    "Dear Mrs Okafor, I was sorry to hear from your daughter that the stairs have become too much for you, and I want"
    " you to know that the ground-floor flat in Mill Lane will be free from October. Nobody else has been told. If "
    "you would like to see it, I can meet you there on any afternoon.",
    "You asked me what Lisbon is like in winter, and the honest answer is that it rains, people complain about the "
    "rain, and the custard tarts are exactly as good as in June. I walked for three hours on Sunday with Ines and we "
    "did not meet a single person with an umbrella that worked.",
    # Essays and diaries
    "There is a kind of tiredness that sleep does nothing for, and I have come to think that it is not tiredness at "
    "all but the weight of small decisions that have been put off. Last winter I made a list of mine. There were 61 "
    "of them, and the oldest was about a lamp.",
    "My grandfather never threw away a nail. He straightened them on Sunday evenings on the back step, with a hammer "
    "that had belonged to a man called Fenn, and dropped them by length into four jam jars; and when he died, in "
    "1994, we found that none of the four had ever been opened again.",
    "I have been swimming in the lake every morning since the first of April, and what nobody tells you is that it "
    "does not get easier. The water at nine degrees is as rude on the fiftieth day as on the first. What changes is "
    "that you stop expecting it to be polite.",
    "The garden did better this year than it deserved. I planted the beans too early, forgot the leeks altogether "
    "until July, and let the courgettes have their way with the path, and still there was enough in August to feed "
    "the Bakers next door and their six terrible children.",
    # Fiction
    "The lamplighter came down Harrow Street at five, as he had come every evening for thirty years, and stopped "
    "before number 14, because the lamp there was already burning. He looked at it for some time. Then he put it out,"
    " climbed down, moved his ladder, climbed up again and lit it himself.",
    "Nobody in the compartment had spoken since Reval. The old woman by the window had a basket on her knees, and "
    "every few minutes something in the basket turned over and sighed. When the conductor asked for her ticket she "
    "gave him two, and he punched both of them without a word.",
    "Captain Orla Venn did not believe in ghosts, but she believed in bookkeeping, and the ship's bread had been "
    "short by one loaf a night since they left Callao. She counted it herself on the ninth evening: there were 212 "
    "loaves. In the morning, when she counted again, there were 211.",
    "It was the third time that week that the piano had been out of tune by noon, and Emil, who had tuned it at "
    "seven, began to suspect the cat. He shut her in the kitchen. At noon the piano was out of tune, the kitchen was "
    "empty, and the cat was sitting on the lid with the look of someone who has been misjudged.",
    # Technical writing
    "The job that copies the orders into the archive runs every night at 02:15, and until last week it took about "
    "four minutes. Since the release of 3 June it takes more than fifty, because each order is now read one at a "
    "time; the index that would have helped was dropped in the same release by somebody who was sure that it was not "
    "used.",
    "When a request fails, the client waits for two seconds and tries again, and it does this up to five times. That "
    "is reasonable for one client. For 900 of them, all of which failed in the same second when the server restarted,"
    " it means that the server is met by the same crowd again and again at exactly the moment when it tries to stand "
    "up.",
    "Do not store the time of an event as a local time. In the autumn there is an hour that happens twice, and in the"
    " spring there is one that does not happen at all, so that a record which says 02:30 on 27 October may mean "
    "either of two moments, and no program written afterwards, however clever, will be able to tell you which.",
    "A backup that has never been restored is a hope and not a backup. On the first Monday of every month we "
    "therefore take last night's copy, restore it on a machine in Utrecht that has nothing else to do, and run the "
    "reports of the previous quarter on it. Twice so far the numbers have been different, and both times we were glad"
    " to know.",
    # Notices and instructions
    "Residents are hereby informed that, owing to essential maintenance of the water main, the supply to all "
    "properties in Canal Street between numbers 20 and 58 will be interrupted on Friday from 9 in the morning until "
    "approximately 2 in the afternoon. It is recommended that a sufficient quantity of drinking water be set aside "
    "beforehand.",
    "The swimming hall will remain closed for the duration of the renovation of the ventilation system, which, "
    "according to the information provided by the contractor, is anticipated to be completed by 15 September. Holders"
    " of annual passes may apply at the desk for an extension corresponding to the period of closure.",
    "Before you light the stove for the first time, make sure that the flue is open and that nothing has nested in "
    "it, which in this house it usually has. Lay two thin logs with a finger's width between them, put the kindling "
    "across, and do not add a third log until both are burning along their whole length. This takes 20 minutes. It "
    "always does.",
    "To register for the course, applicants are requested to complete the enclosed form in full and to return it, "
    "together with a copy of an identification document, to the office in Room 214 no later than 30 November. "
    "Incomplete applications cannot be taken into consideration under any circumstances.",
    # Reports and minutes
    "The committee considered the proposal of Ms Adeyemi that the library should remain open until ten on two "
    "evenings a week. It was pointed out that this would require an additional member of staff at an annual cost of "
    "18,500. After a lengthy discussion it was resolved, by five votes to two, that a trial period of three months "
    "should be undertaken.",
    "Attendance at the museum rose for the third year in succession, to 41,300, although the number of paying "
    "visitors fell slightly as a consequence of the introduction of free admission on Wednesdays. The most popular "
    "exhibit remains the whale, which was acquired in 1887 and has never been correctly assembled.",
    "An examination of the bridge carried out in February by the engineers of Harding and Low established that the "
    "deterioration of the northern pier is considerably more advanced than had previously been assumed, and that the "
    "limitation of the permitted weight of vehicles to 7.5 tonnes should consequently be maintained until its "
    "replacement.",
    "In the course of the year 126 complaints were received, of which 74 concerned the punctuality of the 40 bus. The"
    " investigation of these complaints indicated that the delays were predominantly attributable to the temporary "
    "diversion through Ferry Road, which has in the meantime been in operation for six years.",
    # Academic prose
    "The assumption that the inhabitants of the valley abandoned agriculture as a consequence of deteriorating "
    "climatic conditions has been called into question by the excavations of 2011, in the course of which Brandt and "
    "her colleagues discovered substantial quantities of cultivated barley in layers considerably later than the "
    "supposed abandonment.",
    "It is frequently maintained that the introduction of the printing press was responsible for the standardisation "
    "of spelling. The evidence of the Antwerp workshops, however, suggests a more complicated relationship: between "
    "1520 and 1560 individual compositors there preserved their own orthographic preferences with remarkable "
    "consistency.",
    "Participants who were interrupted during the performance of the task subsequently overestimated the amount of "
    "time that they had spent on it by 38 per cent on average, whereas those who had been permitted to work "
    "continuously underestimated it. Osei has proposed that interruptions function as markers by means of which "
    "duration is inferred.",
    # News
    "The ferry between Sarrow and the mainland will not run this weekend after an inspection on Thursday found cracks"
    " in two of the eight bolts that hold the ramp. A spokesman for the company said that replacements had been "
    "ordered from Gdansk and that passengers would be carried by the smaller boat, the Constance, in the meantime.",
    "Firefighters were called to a farm near Tolbury early on Saturday, where a cow had climbed, by means that could "
    "not be established, onto the roof of a garage. It took eleven of them nearly four hours to bring the animal "
    "down. The farmer, Mr Pell, said that she had seemed happy enough up there and that he would look into it.",
    # Legal and official
    "The tenant undertakes to notify the landlord in writing without delay of any defect in the premises of which the"
    " tenant becomes aware. Should the tenant fail to provide such notification within 14 days, the tenant shall be "
    "liable for any deterioration that would have been avoided had the notification been provided in due time.",
    "Applications for reimbursement of travelling expenses must be submitted within six weeks of the completion of "
    "the journey. Reimbursement is limited to the cost of a second-class ticket, irrespective of the means of "
    "transportation actually employed, and expenditure exceeding 250 requires the prior authorisation of the head of "
    "department.",
    # Talk and blog
    "Here is the thing about sourdough that took me eleven loaves to learn: it is not about the flour. It is about "
    "the fridge. Put the dough in at ten on Saturday night, take it out when you wake up on Sunday, and stop poking "
    "it in between. My friend Dele pokes his. You can tell.",
    "I tried the new route to work on Monday because the app said that it would save me six minutes. It did. It also "
    "took me past the bakery in Orchard Street at the exact moment when the second batch comes out, so that by Friday"
    " I had saved half an hour and gained, according to the same app, a kilogram.",
    "People keep asking whether the old phone still works, and yes, it does, thank you. It is from 2012, it weighs "
    "about as much as a brick, and the battery lasts for nine days. My nephew Jonas, who is sixteen, looked at it "
    "with real pity and offered me his previous one.",
)
