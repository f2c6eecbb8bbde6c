import Base
import Foundation
import OrderedCollections

/// `work/<key>/request.json`: what another process is to run of a plan, with all that it takes.
///
/// It is written once and never follows the recipe: a recipe that is edited while a job waits in a
/// queue changes nothing of the job. Whoever runs it works the keys out again and refuses what differs.
package struct StageRequest: Sendable, Equatable {
  /// What is the same for all instances of a run.
  package struct Surroundings: Sendable {
    /// The version of the program that runs.
    let program: String
    let cache: Cache
    let folders: DataFolders
    /// The names of variables that may be sent as keys, never what they hold.
    let keys: ServerKeys
    let site: Site

    package init(
      program: String, cache: Cache, folders: DataFolders, keys: ServerKeys = ServerKeys(),
      site: Site = Site()
    ) {
      self.program = program
      self.cache = cache
      self.folders = folders
      self.keys = keys
      self.site = site
    }
  }

  static let fileName = "request.json"
  /// Raised when an older program could no longer read a request as it is meant.
  private static let format = 1

  /// The version of the program that wrote it.
  let program: String
  /// The folder of the cache, absolute, as all paths here.
  let cache: String
  let otherCaches: [String]
  let searchPaths: [String]
  let downloads: String
  /// The names of variables that may be sent to servers as keys, sorted.
  let keyVariables: [String]
  /// The site file, as it was.
  let site: JSONValue
  /// What is to be made and all that it is made from, producers first.
  let instances: [RequestedInstance]

  /// Freezes a part of a plan.
  /// - Parameter asked: the indices of what is to be made; what it is made from comes along.
  package init(_ plan: Plan, asked: [Int], in surroundings: Surroundings) {
    program = surroundings.program
    cache = surroundings.cache.folder.absoluteURL.path
    otherCaches = surroundings.cache.others.map(\.absoluteURL.path)
    searchPaths = surroundings.folders.searchPaths.map(\.absoluteURL.path)
    downloads = surroundings.folders.downloads.absoluteURL.path
    keyVariables = surroundings.keys.allowed.sorted()
    site = surroundings.site.json
    let needed = plan.indices(madeInto: asked)
    let places = Dictionary(uniqueKeysWithValues: needed.enumerated().map { ($1, $0) })
    instances = needed.compactMap { index in
      RequestedInstance(plan.items[index], isAsked: asked.contains(index)) { places[$0] ?? 0 }
    }
  }

  /// Where the request of what is made under a key lies.
  package static func file(_ key: String, in cache: Cache) -> URL {
    cache.workFolder(key).url.appending(path: fileName)
  }

  /// The instances that one process makes at a stroke: a training with the steps that are kept of it, or
  /// all steps of one that is done, for which it runs again once; else the instance alone.
  package static func together(with index: Int, in plan: Plan) -> [Int] {
    let item = plan.items[index]
    let training = item.instance.keptStep == nil ? index : item.instance.inputs.first?.producer
    guard let training, plan.items[training].instance.keptOutput != nil,
      let key = plan.items[training].key
    else { return [index] }
    let kept = plan.items.indices.filter { other in
      let item = plan.items[other]
      return item.isAsked && !item.isDone && item.instance.keptStep != nil
        && item.instance.inputs.first.map { plan.items[$0.producer].key } == key
    }
    return plan.items[training].isDone ? kept : [training] + kept
  }
}

/// An instance in a request.
struct RequestedInstance: Sendable, Equatable {
  let stageName: String
  let point: AxisPoint
  let parameters: JSONValue
  let key: String
  let fields: KeyFields
  /// What is bound to it, by places in the request.
  let inputs: [BoundInput]
  /// SHA-256 of each file of its result; nil where there was none yet when the request was written.
  let files: [String: String]?
  /// Whether it is to be made.
  let isAsked: Bool

  var name: String { Instance.name(stageName, at: point) }

  /// Nil for an instance without a key, which nothing can be made from.
  fileprivate init?(_ item: PlannedInstance, isAsked: Bool, place: (Int) -> Int) {
    guard let key = item.key, let fields = item.fields else { return nil }
    stageName = item.stageName
    point = item.point
    parameters = item.parameters
    self.key = key
    self.fields = fields
    inputs = item.instance.inputs.map { $0.bound(to: place($0.producer)) }
    files = isAsked ? nil : item.artifact?.record.files.mapValues(\.sha256)
    self.isAsked = isAsked
  }
}

extension Plan {
  /// Some instances with all that they are made from, ascending.
  fileprivate func indices(madeInto asked: [Int]) -> [Int] {
    var found = Set(asked)
    var waiting = asked
    while let index = waiting.popLast() {
      for input in items[index].instance.inputs where found.insert(input.producer).inserted {
        waiting.append(input.producer)
      }
    }
    return found.sorted()
  }
}

extension StageRequest {
  /// Writes the request to its place in the cache.
  /// - Throws: `FileError`.
  package func write(to file: URL) throws {
    try Folder.make(file.deletingLastPathComponent())
    try AtomicFile.write(json.prettyText, to: file)
  }

  /// Reads a request.
  /// - Throws: `StageRequestError`.
  package init(contentsOf file: URL) throws(StageRequestError) {
    let data: Data
    do { data = try Data(contentsOf: file) } catch {
      throw .unreadable(file.path, reason(for: error))
    }
    guard let json = try? JSONValue(parsing: data) else {
      throw .unreadable(file.path, "it is not valid JSON")
    }
    guard json["format"]?.integer == Self.format else {
      throw .unreadable(file.path, "another version of warmup wrote it")
    }
    guard let request = StageRequest(json: json) else {
      throw .unreadable(file.path, "entries are missing")
    }
    self = request
  }

  private var json: JSONValue {
    func list(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }
    return [
      "format": .integer(Self.format), "program": .string(program), "cache": .string(cache),
      "other_caches": list(otherCaches), "search_paths": list(searchPaths),
      "downloads": .string(downloads), "key_variables": list(keyVariables), "site": site,
      "instances": .array(instances.map(\.json)),
    ]
  }

  private init?(json: JSONValue) {
    func list(_ name: String) -> [String]? { json[name]?.array?.compactMap(\.string) }
    guard let program = json["program"]?.string, let cache = json["cache"]?.string,
      let otherCaches = list("other_caches"), let searchPaths = list("search_paths"),
      let downloads = json["downloads"]?.string, let keyVariables = list("key_variables"),
      let site = json["site"], let entries = json["instances"]?.array
    else { return nil }
    self.program = program
    self.cache = cache
    self.otherCaches = otherCaches
    self.searchPaths = searchPaths
    self.downloads = downloads
    self.keyVariables = keyVariables
    self.site = site
    instances = entries.compactMap { RequestedInstance(json: $0) }
    let isOrdered = instances.enumerated().allSatisfy { index, instance in
      instance.inputs.allSatisfy { 0 <= $0.producer && $0.producer < index }
    }
    guard instances.count == entries.count, isOrdered else { return nil }
  }
}

extension RequestedInstance {
  fileprivate var json: JSONValue {
    var members: [String: JSONValue] = [
      "stage": .string(stageName), "point": Self.json(of: point), "kind": .string(fields.kind),
      "kind_version": .integer(fields.kindVersion), "params": parameters, "key": .string(key),
      "key_fields": fields.json, "asked": .boolean(isAsked),
      "inputs": .array(
        inputs.map { input in
          // Its name without the point, which is said apart.
          let port = input.over.isEmpty ? input.port : String(input.port.prefix { $0 != "[" })
          return [
            "port": .string(port), "from": .integer(input.producer),
            "output": .string(input.output), "over": Self.json(of: input.over),
          ]
        }),
    ]
    members["files"] = files.map { .object($0.mapValues { .string($0) }) }
    return .object(members)
  }

  fileprivate init?(json: JSONValue) {
    guard let stageName = json["stage"]?.string, let point = Self.point(json["point"]),
      let parameters = json["params"], let key = json["key"]?.string,
      let fields = json["key_fields"].flatMap(KeyFields.init), let bound = json["inputs"]?.array,
      let isAsked = json["asked"]?.boolean
    else { return nil }
    self.stageName = stageName
    self.point = point
    self.parameters = parameters
    self.key = key
    self.fields = fields
    self.isAsked = isAsked
    files = json["files"]?.object?.compactMapValues(\.string)
    inputs = bound.compactMap { input in
      guard let port = input["port"]?.string, let producer = input["from"]?.integer,
        let output = input["output"]?.string, let over = Self.point(input["over"])
      else { return nil }
      return BoundInput(port: port, producer: producer, output: output, over: over)
    }
    if inputs.count < bound.count { return nil }
  }

  /// A list, since the order of axes counts.
  private static func json(of point: AxisPoint) -> JSONValue {
    .array(point.map { ["axis": .string($0.key), "value": $0.value] })
  }

  private static func point(_ json: JSONValue?) -> AxisPoint? {
    guard let entries = json?.array else { return nil }
    var point: AxisPoint = [:]
    for entry in entries {
      guard let axis = entry["axis"]?.string, let value = entry["value"] else { return nil }
      point[axis] = value
    }
    return point
  }
}

/// Why a request is refused.
package enum StageRequestError: Error, CustomStringConvertible, Equatable {
  case unreadable(String, String)
  /// The kind of an instance is none of this program's.
  case unknownKind(String, instance: String)
  /// Its parameters are not what the kind reads; the words say why.
  case parameters(String, instance: String)
  /// What identifies the result is other than the request says; the words say what.
  case differs(String, instance: String)
  case otherProgram(kind: String, version: Int, asked: Int, instance: String, program: String)
  /// Something that it is made from is not in the cache.
  case missingInput(String, cache: String)
  case damagedInput(String, String)
  /// Something that it is made from has other files than when the request was written.
  case otherInput(String, file: String)

  package var description: String {
    switch self {
    case .unreadable(let path, let reason): "the request \(path) cannot be used: \(reason)"
    case .unknownKind(let kind, let instance):
      "'\(instance)' is of the kind '\(kind)', which this program does not have; run the program that "
        + "wrote the request"
    case .parameters(let words, let instance):
      "the parameters of '\(instance)' cannot be read: \(words)"
    case .differs(let words, let instance):
      "'\(instance)' is not what was asked for: \(words); run the recipe again"
    case .otherProgram(let kind, let version, let asked, let instance, let program):
      "'\(instance)' is asked for in version \(asked) of the kind \(kind), by warmup \(program); this "
        + "program has version \(version). Use one program for a run and its jobs"
    case .missingInput(let instance, let cache):
      "its input '\(instance)' is not in \(cache)"
    case .damagedInput(let instance, let words):
      "its input '\(instance)' is damaged: \(words); 'warmup run' makes it again"
    case .otherInput(let instance, let file):
      "its input '\(instance)' has another \(file) than when the job was asked for; run the recipe again"
    }
  }
}
