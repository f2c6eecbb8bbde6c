import Foundation
import OrderedCollections

/// What an instance published, as reports read it.
public struct InstanceResult: Sendable {
  /// The stage's name in the recipe.
  public let stageName: String
  /// The kind's name.
  public let kind: String
  /// The point of the axes.
  public let point: OrderedDictionary<String, JSONValue>
  /// The key.
  public let key: String
  /// The values that the stage published, such as `accuracy`.
  public let values: [String: JSONValue]
  /// Every parameter, defaults filled in.
  public let parameters: JSONValue
  /// The artifact's folder: `record.json`, one `<output>.h5` a port, `metrics.h5` where there are
  /// metrics.
  public let folder: URL
  /// How long the stage took, in seconds.
  public let seconds: Double

  /// Describes a result.
  public init(
    stageName: String, kind: String, point: OrderedDictionary<String, JSONValue>, key: String,
    values: [String: JSONValue], parameters: JSONValue, folder: URL, seconds: Double
  ) {
    self.stageName = stageName
    self.kind = kind
    self.point = point
    self.key = key
    self.values = values
    self.parameters = parameters
    self.folder = folder
    self.seconds = seconds
  }

  /// The instance's name.
  public var name: String { Instance.name(stageName, at: point) }
}
