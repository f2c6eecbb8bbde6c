/// 64 assignments of roles, looked at together: one bit of a word for each.
///
/// Assignments are numbered so that person `p` is a knight when bit `p` of the number is set; bit
/// `b` of block `k` stands for assignment `64 k + b`. With fewer than six people the numbers
/// beyond the last assignment repeat earlier ones, which changes no answer but a count.
struct AssignmentBlock {
  let index: Int

  /// The blocks that hold every assignment of some people.
  static func all(people: Int) -> [AssignmentBlock] {
    (0..<1 << max(0, people - 6)).map(AssignmentBlock.init)
  }

  /// The bits of a block that stand for assignments which no lower bit stands for.
  static func valid(people: Int) -> UInt64 { people < 6 ? (1 << (1 << people)) - 1 : ~0 }

  /// The assignments in which a person is a knight.
  @inline(__always)
  func knights(_ person: Int) -> UInt64 {
    switch person {
    case 0: 0xaaaa_aaaa_aaaa_aaaa
    case 1: 0xcccc_cccc_cccc_cccc
    case 2: 0xf0f0_f0f0_f0f0_f0f0
    case 3: 0xff00_ff00_ff00_ff00
    case 4: 0xffff_0000_ffff_0000
    case 5: 0xffff_ffff_0000_0000
    default: index >> (person - 6) & 1 == 1 ? ~0 : 0
    }
  }

  /// The assignments that agree with the roles known so far.
  func agreeing(with roles: [Bool?]) -> UInt64 {
    var word: UInt64 = ~0
    for (person, role) in roles.enumerated() {
      guard let role else { continue }
      word &= role ? knights(person) : ~knights(person)
    }
    return word
  }
}
