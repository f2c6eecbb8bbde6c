import ArgumentParser
import Base
import Foundation
import Runner

/// `warmup cache …`.
struct CacheCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cache",
    abstract: "Show, check and tidy up the cache of results.",
    subcommands: [
      CacheListCommand.self, CacheRemovalCommand.self, CachePinCommand.self,
      CacheVerifyCommand.self,
    ])
}

/// The cache that commands look after.
struct CachePlaceOptions: ParsableArguments {
  @Option(help: "The folder of the cache and of what runs write.", completion: .directory)
  var results = "results"

  var resultsURL: URL { URL(fileURLWithPath: results) }

  /// - Throws: `ValidationError` where there is none.
  var cache: Cache {
    get throws {
      let folder = resultsURL.appending(path: "cache")
      guard FileManager.default.fileExists(atPath: folder.path) else {
        throw ValidationError("there is no cache in \(results); name the folder with --results")
      }
      return Cache(folder: folder)
    }
  }
}

/// What is kept without anybody referring to it.
struct CacheKeepOptions: ParsableArguments {
  @OptionGroup var place: CachePlaceOptions

  @Option(help: "Keep what was made in the last so many days.")
  var days = 14.0

  func validate() throws {
    guard days.isFinite, days >= 0 else { throw ValidationError("--days must be at least 0") }
  }

  /// - Throws: `ValidationError`, or `CacheError`.
  func contents() throws -> CacheContents {
    try CacheContents(place.cache, results: place.resultsURL, days: days)
  }
}

/// `warmup cache ls`.
struct CacheListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ls",
    abstract: "Show what the cache holds, and for whose sake.",
    discussion: """
      A result is kept for a recipe whose lock.json, beside the cache, names it, because it is pinned, \
      because it was made lately, or because such a result was made from it. It counts once, for the \
      first of these. Instances that were interrupted have checkpoints in work/.
      """)

  @OptionGroup var options: CacheKeepOptions

  @Flag(help: "Print a line for each result.")
  var long = false

  func run() throws {
    let contents = try options.contents()
    try StandardOutput.write(long ? contents.longText : contents.text)
  }
}

/// `warmup cache gc`.
struct CacheRemovalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "gc",
    abstract: "Remove results that nothing refers to.",
    discussion: """
      Keeps what 'warmup cache ls' shows as kept: what the lock.json of a recipe beside the cache \
      refers to, what is pinned, what was made lately, and all that these were made from. Work and \
      damaged results that nobody has touched for as long go, too. Says what it removes before it \
      does, and removes nothing while a run is at work on the cache. Recipes whose results lie \
      elsewhere and that take from this cache with --cache-also are not known: pin what they need.
      """)

  @OptionGroup var options: CacheKeepOptions

  @Flag(help: "Only say what would be removed.")
  var dryRun = false

  func run() throws {
    let interruption = Interruption()
    SignalHandling.install(interruption) {}
    let cache = try options.place.cache
    do {
      let items: [CacheRemoval.Item]
      if dryRun {
        items = CacheRemoval(try options.contents()).items
        for item in items { try StandardOutput.write(line(item)) }
      } else {
        items = try CacheRemoval.carryOut(
          in: cache, interruption: interruption, look: options.contents
        ) { try StandardOutput.write(line($0)) }
      }
      let size = CacheContents.size(items.map(\.bytes).reduce(0, +))
      try StandardOutput.write(
        items.isEmpty
          ? "There is nothing to remove\n"
          : "\(counted(items.count, "folder")), \(size), \(dryRun ? "would be removed" : "removed")\n"
      )
    } catch is InterruptedError {
      throw ExitCode(130)
    }
  }

  private func line(_ item: CacheRemoval.Item) -> String {
    "\(item.place.relativePath)  \(CacheContents.size(item.bytes))  \(item.words)\n"
  }
}

/// `warmup cache pin RECIPE [INSTANCE…]`.
struct CachePinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin",
    abstract: "Keep results of a recipe, whatever becomes of it.",
    discussion: """
      Pins all results that the recipe has, or those of the instances that are named; what they were \
      made from stays with them. Pins stand in pins.json in the cache.
      """)

  @OptionGroup var options: RecipeOptions

  @Argument(help: "Instances, such as 'tuned[start=warmed,seed=2]'; all that are done if none.")
  var instances: [String] = []

  @Flag(help: "Remove the pins.")
  var remove = false

  func run() throws {
    let workspace = try Workspace(options)
    let items =
      instances.isEmpty
      ? try workspace.plan().results : try instances.map { try workspace.artifact(of: $0).item }
    let names = items.compactMap { item in
      item.key.map { ($0, "\(workspace.recipe.name): \(item.name)") }
    }
    let count = try CachePins.change(
      Dictionary(names) { first, _ in first }, removing: remove, in: workspace.cache)
    StandardOutput.writeError("\(counted(count, "pin")) \(remove ? "removed" : "set")\n")
  }
}

/// `warmup cache verify`.
struct CacheVerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that everything in the cache is what was published.",
    discussion: """
      Compares each record with its digest and its key, the files with their sizes, and the bytes of \
      files that were written to since they were last read. With --deep it reads all bytes, those of \
      checkpoints too, and the logs of instances at work. It changes nothing and exits with 1 where \
      something is damaged; a run moves that \
      aside and makes it again.
      """)

  @OptionGroup var place: CachePlaceOptions

  @Flag(help: "Read all bytes, whatever is remembered of them.")
  var deep = false

  func run() throws {
    let interruption = Interruption()
    SignalHandling.install(interruption) {}
    do {
      let found = try CacheVerification(
        place.cache, isDeep: deep, interruption: interruption)
      try StandardOutput.write(found.text)
      if !found.faults.isEmpty { throw ExitCode(1) }
    } catch is InterruptedError {
      throw ExitCode(130)
    }
  }
}
