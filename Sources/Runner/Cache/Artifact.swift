import Foundation

/// A published result.
public struct Artifact: Sendable, Equatable {
  /// The folder that holds the record and the HDF5 files. Nobody writes there any more.
  public let folder: URL
  /// How it came about.
  public let record: ArtifactRecord

  /// The key.
  public var key: String { record.key }

  /// The HDF5 file of an output port.
  public func output(_ port: String) -> URL { folder.appending(path: "\(port).h5") }

  /// The table of metrics, a row a step, where the stage logged any.
  public var metrics: URL? {
    let name = Self.metricsName
    return record.files[name] == nil ? nil : folder.appending(path: name)
  }

  static let metricsName = "metrics.h5"
  static let recordName = "record.json"
}

extension InstanceResult {
  /// What an instance published, as reports read it.
  public init(_ instance: Instance, _ artifact: Artifact) {
    self.init(
      stageName: instance.stageName, kind: instance.kind.kind, point: instance.point,
      key: artifact.key, values: artifact.record.values, parameters: instance.parameters,
      folder: artifact.folder, seconds: artifact.record.seconds)
  }
}
