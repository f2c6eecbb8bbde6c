/// Names for the people of puzzles.
package enum PuzzleNames {
  /// The published list, in the published order, on which the draws depend.
  package static let common = [
    "Emma", "Liam", "Olivia", "Noah", "Ava", "Ethan", "Sophia", "Mason", "Isabella", "William",
    "Mia", "James", "Charlotte", "Benjamin", "Amelia", "Lucas", "Harper", "Henry", "Evelyn",
    "Alexander", "Abigail", "Michael", "Emily", "Daniel", "Elizabeth", "Jacob", "Sofia", "Logan",
    "Avery", "Jackson", "Ella", "Sebastian", "Scarlett", "Jack", "Grace", "Aiden", "Chloe", "Owen",
    "Victoria", "Samuel", "Riley", "Matthew", "Aria", "Joseph", "Lily", "Luke", "Aurora", "David",
    "Zoey", "Oliver", "Penelope",
  ]

  /// The published list of uncommon names, in the published order.
  package static let uncommon = [
    "Zephyr", "Elowen", "Caspian", "Isolde", "Osiris", "Vesper", "Thaddeus", "Ondine", "Lysander",
    "Xanthe", "Oberon", "Calliope", "Leander", "Eulalia", "Florian", "Forsythe", "Nephele",
    "Peregrine", "Ianthe", "Lazarus", "Elodie", "Cillian", "Ottoline", "Evander", "Saffron",
    "Caius", "Zora", "Cyprian", "Amaryllis", "Theron", "Perdita", "Ignatius", "Zephyrine",
    "Balthazar", "Melisande", "Zinnia", "Sylvester", "Cosima", "Leocadio", "Percival", "Oceane",
    "Evanthe", "Zenobia", "Eurydice", "Quillan", "Aeronwen", "Thorsten", "Xiomara", "Zephyrus",
    "Ysolde",
  ]
}
