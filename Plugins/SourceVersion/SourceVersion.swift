import Foundation
import PackagePlugin

/// Writes which sources a program is built from into the program: the commit, with `changed` where
/// files differ from it, or a digest of the sources where there is no repository.
@main struct SourceVersion: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    let package = context.package.directoryURL
    return [
      .prebuildCommand(
        displayName: "Looking up the version of the sources",
        executable: URL(filePath: "/bin/sh"),
        arguments: [
          package.appending(path: "scripts/source-version").path, package.path,
          context.pluginWorkDirectoryURL.path,
        ],
        outputFilesDirectory: context.pluginWorkDirectoryURL)
    ]
  }
}
