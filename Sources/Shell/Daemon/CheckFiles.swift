import Health
import HealthProbes
package import Settings

/// What is wrong with the files that the settings' checks name, in words. Opens and reads them; starts nothing.
package func faultsOfCheckFiles(in settings: Settings) -> [String] {
    settings.checks.flatMap { check in
        fileFaults(of: check).map { "check \(check.name): \($0)" }
    }
}
