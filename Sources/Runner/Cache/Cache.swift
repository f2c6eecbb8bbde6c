import Foundation

/// The folder of published results, and of the work that leads to them.
///
/// ```
/// ab/ab12…/          an artifact: record.json and HDF5 files, seen whole or not at all
/// work/ab12…/        an instance at work: checkpoints/, metrics.jsonl, output-<pid>/
/// locks/ab12….lock   somebody is at work on that key
/// damaged/           artifacts that lost something, moved aside
/// ```
public struct Cache: Sendable {
  /// Where it lies, usually `results/cache`.
  public let folder: URL

  /// Names a cache; nothing is made yet.
  public init(folder: URL) { self.folder = folder }

  /// What is known of a key.
  public enum Entry: Sendable, Equatable {
    /// Nothing was published.
    case absent
    /// A whole artifact.
    case present(Artifact)
    /// An artifact that lost something; the words say what.
    case damaged(String)
  }

  /// Looks for an artifact, checking its record and the sizes of its files.
  public func lookUp(_ key: String) -> Entry {
    let place = artifactFolder(key)
    guard FileManager.default.fileExists(atPath: place.path) else { return .absent }
    let recordFile = place.appending(path: Artifact.recordName)
    guard FileManager.default.fileExists(atPath: recordFile.path) else {
      return .damaged("\(Artifact.recordName) is missing")
    }
    do {
      let artifact = Artifact(folder: place, record: try ArtifactRecord(contentsOf: recordFile))
      if artifact.key != key { return .damaged("its record is that of another key") }
      return artifact.sizeProblems.first.map { .damaged($0) } ?? .present(artifact)
    } catch CacheError.malformed(_, let reason) {
      return .damaged("\(Artifact.recordName) cannot be used: \(reason)")
    } catch {
      return .damaged("\(Artifact.recordName) cannot be read: \(error.localizedDescription)")
    }
  }

  /// The keys of all artifacts, damaged ones among them, sorted.
  public func keys() -> [String] {
    let manager = FileManager.default
    let groups = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
    return groups.filter { $0.utf8.count == 2 }.flatMap { group in
      (try? manager.contentsOfDirectory(atPath: folder.appending(path: group).path)) ?? []
    }.sorted()
  }

  /// Compares an artifact's files with the digests in its record.
  /// - Returns: what is wrong, a sentence each; nothing where all is well.
  public func verify(_ key: String) -> [String] {
    switch lookUp(key) {
    case .absent: return ["nothing was published"]
    case .damaged(let reason): return [reason]
    case .present(let artifact): return artifact.digestProblems
    }
  }

  /// Where the artifact of a key lies once it is published.
  public func artifactFolder(_ key: String) -> URL {
    folder.appending(path: key.prefix(2)).appending(path: key)
  }

  /// Where an instance works.
  public func workFolder(_ key: String) -> WorkFolder {
    WorkFolder(url: folder.appending(path: "work").appending(path: key))
  }

  /// The file whose lock an instance holds while it works.
  func lockFile(_ key: String) -> URL { folder.appending(path: "locks/\(key).lock") }
}

extension Artifact {
  fileprivate var sizeProblems: [String] {
    record.files.sorted { $0.key < $1.key }.compactMap { name, file in
      let path = folder.appending(path: name).path
      guard let found = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
      else { return "\(name) is missing" }
      return found == file.bytes ? nil : "\(name) has \(found) bytes instead of \(file.bytes)"
    }
  }

  fileprivate var digestProblems: [String] {
    record.files.sorted { $0.key < $1.key }.compactMap { name, file in
      do {
        let digest = try SHA256Digest.hex(ofFile: folder.appending(path: name))
        return digest == file.sha256 ? nil : "the content of \(name) is not what was published"
      } catch {
        return "\(name) cannot be read: \(error.localizedDescription)"
      }
    }
  }
}
