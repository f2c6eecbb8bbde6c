/// One step of a chain of thought, apart from its wording.
///
/// `given` holds the roles taken for granted before the step: assumed, or concluded from what is
/// assumed. A step is valid when what it says follows from them alone.
package enum ReasoningStep: Equatable, Sendable {
  /// A role is tried out.
  case assume(Int, isKnight: Bool, given: [Bool?])
  /// What one speaker says, and who the speaker is or may be, settles a person's role.
  case conclude(Int, isKnight: Bool, from: Int, given: [Bool?])
  /// A speaker's words fit neither role that is left to the speaker.
  case contradiction(of: Int, given: [Bool?])
  /// The role tried out last leads to a contradiction, so the other one is right.
  case refute(Int, wasKnight: Bool, given: [Bool?])
  /// Everybody has a role and no contradiction has come up.
  case candidate([Bool])
  /// The other role of an assumption that held is looked at as well.
  case reconsider(Int, isKnight: Bool, given: [Bool?])
  /// Everybody's words are going to be checked, for the first time or once more.
  case beginCheck(round: Int)
  /// A speaker's words are held against everybody's roles.
  case check(Int, roles: [Bool])
}
