/// Turns of phrase of the long style. `@`, `#` and `%` are filled in.
enum LongTracePhrases {
  static func openings(_ roles: RoleWords) -> [String] {
    [
      "Okay, let me work through this puzzle step by step.",
      "Alright, I need to find out who is \(roles.aKnight) and who is \(roles.aKnave).",
      "Let me think about this carefully.",
      "Okay, so this is a puzzle about \(roles.knight)s and \(roles.knave)s.",
      "Let's see what we have here.",
    ]
  }

  static func rules(_ roles: RoleWords) -> [String] {
    [
      "\(roles.capitalisedKnights) always tell the truth and \(roles.knave)s always lie.",
      "Whatever \(roles.aKnight) says is true, and whatever \(roles.aKnave) says is false.",
      "A statement is true exactly when the one who makes it is \(roles.aKnight).",
    ]
  }

  static let listings = [
    "First, the statements.", "Here is what everybody says.", "Let me write down the statements.",
  ]
  static let assumptions = [
    "Let me start by assuming that @.", "Suppose first that @.",
    "I'll try this: let's say @.", "Let me assume @ and see where that leads.",
  ]
  static let furtherAssumptions = [
    "Nothing more follows for now, so I need another assumption. Suppose that @.",
    "I am stuck here, so let me split into cases. Assume that @.",
    "Hmm, that is as far as it goes. Let me also suppose that @.",
  ]
  static let values = [
    "@, so # is %", "Since @, what is said there, #, is %", "@, which makes # %",
  ]
  static let conclusions = [
    "So @.", "Therefore @.", "That means @.", "It follows that @.", "Then @.",
  ]
  static let alarms = ["Wait,", "Hold on,", "Hmm, wait,", "But look:", "Now there is a problem:"]
  static let contradictions = [
    "That is a contradiction.", "This cannot be.", "That does not work.",
    "So this leads to a contradiction.",
  ]
  static let refutations = [
    "So @; #.", "Let me go back: @, and therefore #.", "I have to back up. @, so #.",
    "That rules it out: @. Hence #.",
  ]
  static let candidates = [
    "Now everybody has a role, and nothing contradicts:", "So far this fits together:",
    "That settles everybody:",
  ]
  static let doubts = [
    "But is that the only way? Let me try the other case, to be sure.",
    "Let me double-check that the opposite of what I assumed fails.",
    "Before I settle on this, let me look at the other possibility.",
  ]
  static let checkOpenings = [
    "Let me check every statement against this.", "Now I hold this against what everybody said.",
    "To be sure, I go through all the statements.", "Does it fit? Let me check them one by one.",
  ]
  static let moreChecks = [
    "Let me go through them once more, from the other end.",
    "I'd rather check that again, in another order.",
    "Once more, to be safe, starting with the last one.",
  ]
  static let checks = ["@, and #, as it should be.", "@: #. Good.", "@ and #. That fits."]
  static let checkedEndings = [
    "Every statement fits, so this is the solution.", "Everything is consistent, so I am done.",
    "All of it checks out.",
  ]
  static let summaries = [
    "So, in the end:", "To sum up:", "My answer:", "That leaves me with this:",
  ]
  static let endings = ["So that is the solution.", "I am confident in this.", "That is it."]
}
