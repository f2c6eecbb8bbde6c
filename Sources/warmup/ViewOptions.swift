import ArgumentParser
import Base
import Foundation
import Reports
import Runner
import Stages

/// Where a run shows itself, besides its terminal.
struct ViewOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Show the run while it goes as a page at this port of this machine alone; 0 takes any that is "
        + "free. Cannot change a result.", valueName: "port"))
  var page: Int?

  @Option(
    help: ArgumentHelp(
      "Write what trainings log into this folder while they go, as TensorBoard reads it. Cannot change "
        + "a result.", valueName: "folder"), completion: .directory)
  var tensorboard: String?

  func validate() throws {
    guard let page, !(0...65_535).contains(page) else { return }
    throw ValidationError("--page \(page): a port is a number from 0 to 65535")
  }
}

extension ViewOptions {
  /// Begins to write for TensorBoard.
  /// - Returns: nil where nobody asks for it.
  /// - Throws: `FileError`.
  func eventLog(_ workspace: Workspace, _ plan: Plan) throws -> EventLog? {
    guard let tensorboard else { return nil }
    let folder = URL(fileURLWithPath: tensorboard).appending(path: workspace.recipe.name)
    let log = try EventLog(
      folder, plan, workspace.cache, say: { StandardOutput.writeError($0 + ".\n") })
    log.follow()
    return log
  }
}

/// A run's page, with what shows it.
struct ServedPage {
  private let live: LiveRun
  private let service: PageService

  /// Begins to show a run, and says where.
  /// - Returns: nil where no page is asked for.
  /// - Throws: `LivePageError`.
  init?(_ options: ViewOptions, _ workspace: Workspace, _ plan: Plan) throws {
    guard let port = options.page.flatMap(UInt16.init(exactly:)) else { return nil }
    let live = LiveRun()
    let page = LivePage(
      workspace.recipe, plan, workspace.cache, live, describe: { $0.valueWords($1, atMost: 3) })
    self.live = live
    do {
      service = try PageService(
        port: port,
        .init(
          document: { page.document }, changes: { page.changes(since: $0) },
          noChanges: { page.noChanges(since: $0) }, policy: LivePage.policy))
    } catch {
      throw LivePageError(reason: error.description)
    }
    StandardOutput.writeError("Live page: \(service.url)\n")
  }

  var display: any RunDisplay { live }

  /// Says how the run ended, to all who look at it now.
  func conclude(_ sentences: [String], isGood: Bool) {
    live.conclude(.init(sentences, isGood: isGood))
    service.finish()
  }
}

/// Why there is no page.
struct LivePageError: Error, CustomStringConvertible {
  let reason: String

  var description: String { "--page: \(reason)" }
}
