import Runner

/// The kind `miniature_problems`: small problems in the columns of MATH or MMLU-Pro.
public struct MiniatureProblemsStage: Stage {
  /// Which problems to draw.
  public struct Parameters: ParameterSet {
    /// The family of problems.
    public var domain = MiniatureDomain.arithmetic
    /// How many different problems.
    public var count = 100
    /// The seed of the draw.
    public var seed = 0
    /// The levels of difficulty to draw from.
    public var levels = [1, 2, 3]

    /// A hundred easy sums, differences and products.
    public init() {}

    /// What a recipe may set.
    public static var fields: [Field<Parameters>] {
      [
        Field("domain", \.domain, "arithmetic (MATH's columns) or choice (MMLU-Pro's columns)"),
        Field("count", \.count, range: .atLeast(1), "how many different problems"),
        Field("seed", \.seed, range: .atLeast(0), "seed of the draw"),
        Field("levels", \.levels, range: 1...5, "levels of difficulty to draw from, 1 to 5"),
      ]
    }

    /// Looks for levels that hold too few problems.
    public func check(
      positions: [String: SourcePosition], at position: SourcePosition,
      into sink: inout DiagnosticSink
    ) {
      if levels.isEmpty || Set(levels).count != levels.count {
        return sink.report(positions["levels"] ?? position, "'levels' must list different levels")
      }
      let available = levels.reduce(0) { $0 + domain.rows(level: $1).count }
      if count > available {
        sink.report(
          positions["count"] ?? position,
          "'count' must be at most \(available): the domain \(domain.rawValue) has no more "
            + "problems of these levels")
      }
    }
  }

  /// `miniature_problems`.
  public static let kind = "miniature_problems"
  /// 1.
  public static let version = 1
  /// One sentence for the documentation.
  public static let summary = "Small sums or multiple-choice questions for very small models"
  /// None.
  public static let inputs: [Port] = []
  /// The problems.
  public static let outputs = [Port("problems", .problems, "problems with their answers")]

  let parameters: Parameters

  /// Makes the stage.
  public init(parameters: Parameters) { self.parameters = parameters }

  /// Draws the problems and writes them.
  public func run(_ context: StageContext) throws {
    let table = try table()
    try table.write(to: context.output("problems"))
    context.publish(Double(table.count), as: "problems")
  }

  /// Draws the problems.
  package func table() throws -> RowTable {
    let domain = parameters.domain
    let rows = try domain.rows(parameters.count, levels: parameters.levels, seed: parameters.seed)
    return RowTable(rows: rows, order: domain.order, attributes: ["task": domain.task])
  }
}
