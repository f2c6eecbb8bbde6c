/// A line chart that a recipe asks for.
public struct FigureSpecification: ParameterSet {
  /// The metric drawn: `stage.metric`, such as `tuned.reward`.
  public var line = ""
  /// The metric along the horizontal axis.
  public var x = "step"
  /// The axes whose points make the lines.
  public var series: [String] = []
  /// The axes that a line is the mean over; the band is ± one standard deviation.
  public var band: [String] = []
  /// The steps of the moving average.
  public var smooth = 1
  /// The heading.
  public var title: String?

  /// An empty figure.
  public init() {}

  /// What a recipe may say of a figure.
  public static var fields: [Field<Self>] {
    [
      Field("line", \.line, required: true, "the metric to draw, as stage.metric"),
      Field("x", \.x, "the metric along the horizontal axis"),
      Field("series", \.series, "the axes whose points make the lines"),
      Field("band", \.band, "the axes that a line is the mean over, drawn with a band of ± 1 sd"),
      Field("smooth", \.smooth, range: 1...1000, "the steps of the moving average"),
      Field("title", \.title, "the heading"),
    ]
  }
}
