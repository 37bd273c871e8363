using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitai.Posix;

namespace Skitaid.Supervision;

/// <summary>A whole config tree, read and held against the powers that this process has.</summary>
/// <param name="Daemon">What skitaid.conf says; null when it is broken.</param>
/// <param name="Instances">The confs without error, sorted by name.</param>
/// <param name="Errors">One line each, in the order of the files; a start needs this to be empty.</param>
/// <param name="Warnings">What works but should be seen to.</param>
internal sealed record TreeCheck(
    DaemonSettings? Daemon, IReadOnlyList<InstanceSettings> Instances, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings)
{
    /// <summary>Reads all of a tree.</summary>
    public static TreeCheck Read(ConfTree tree)
    {
        if (!Directory.Exists(tree.EtcPath))
        {
            return new(null, [], [$"no config tree in {tree.EtcPath}: 'skitaid init --etc {tree.EtcPath}' makes one, --etc DIR names another"], []);
        }

        var read = tree.ReadAll();
        var daemon = read.Daemon;
        InstanceSettings[] instances = daemon is null ? [.. read.Instances] : [.. read.Instances.Select(settings => WithDefaults(settings, daemon))];
        List<string> errors = [.. read.Errors.Select(error => error.ToString())];
        errors.AddRange(instances.Select(WhyNotAs).OfType<string>());
        List<string> warnings = [.. read.Warnings.Select(warning => warning.ToString())];
        if (Credentials.IsRoot && instances.Where(RunsAppsAsRoot).Select(settings => settings.Name).ToArray() is { Length: > 0 } names)
        {
            warnings.Add($"skitaid.conf: [global] user: not set: the apps of {string.Join(", ", names)} run as root");
        }

        return new(daemon, instances, errors, warnings);
    }

    /// <summary>Reads one conf; settings are null when there is any error, in skitaid.conf too.</summary>
    public static (InstanceSettings? Settings, IReadOnlyList<string> Errors, IReadOnlyList<string> Warnings) ReadInstance(ConfTree tree, string name)
    {
        var read = tree.ReadInstance(name);
        var daemon = tree.ReadDaemon();
        List<string> errors = [.. daemon.Errors.Concat(read.Errors).Select(error => error.ToString())];
        string[] warnings = [.. read.Warnings.Select(warning => warning.ToString())];
        if (daemon.Settings is null || read.Settings is null)
        {
            return (null, errors, warnings);
        }

        var settings = WithDefaults(read.Settings, daemon.Settings);
        return WhyNotAs(settings) is { } reason ? (null, [reason], warnings) : (settings, [], warnings);
    }

    /// <summary>
    /// Whether an instance becomes somebody lesser than its supervisor, who then looks for renewed certificates in its
    /// place. Supervisor and instance both go by this.
    /// </summary>
    public static bool LosesPowers(InstanceSettings settings) =>
        Credentials.IsRoot && settings.Server.User is { } user && Credentials.FindUser(user) is not { User: 0 };

    /// <summary>The certificates of an instance that may not read them again, each pair of files once; none when it may.</summary>
    public static IReadOnlyList<CertificateFiles> CertificatesOutOfReach(InstanceSettings settings) =>
        settings.Ssl is { } ssl && LosesPowers(settings)
            ? [.. ssl.Certificates.Select(entry => entry.Files).Prepend(ssl.Default).DistinctBy(files => (files.CertFile, files.KeyFile))]
            : [];

    private static bool RunsAppsAsRoot(InstanceSettings settings) =>
        settings.Server.User is null && settings.Hosts.Any(host => host.Mounts.Any(mount => mount.Target is AppTarget));

    /// <summary>A conf with what it leaves to skitaid.conf.</summary>
    public static InstanceSettings WithDefaults(InstanceSettings settings, DaemonSettings daemon) => settings with
    {
        Server = settings.Server with { Python = settings.Server.Python ?? daemon.Python, User = settings.Server.User ?? daemon.User },
    };

    private static string? WhyNotAs(InstanceSettings settings)
    {
        if (Credentials.IsRoot || settings.Server.User is not { } user)
        {
            return null;
        }

        return Credentials.FindUser(user) is { } known && known.User == Credentials.EffectiveUser
            ? null
            : $"{settings.Name}.conf: [server] user: only root can run it as '{user}': start skitaid as root or as '{user}'";
    }
}
