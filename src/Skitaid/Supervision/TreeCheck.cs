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
        List<string> errors = [.. read.Errors.Select(error => error.ToString())];
        errors.AddRange(read.Instances.Select(settings => WhyNotAs(settings, read.Daemon?.User)).OfType<string>());
        return new(read.Daemon, read.Instances, errors, [.. read.Warnings.Select(warning => warning.ToString())]);
    }

    /// <summary>Reads one conf; settings are null when there is any error.</summary>
    public static (InstanceSettings? Settings, IReadOnlyList<string> Errors) ReadInstance(ConfTree tree, string name)
    {
        var read = tree.ReadInstance(name);
        return read.Settings is { } settings && WhyNotAs(settings, tree.ReadDaemon().Settings?.User) is { } reason
            ? (null, [reason])
            : (read.Settings, [.. read.Errors.Select(error => error.ToString())]);
    }

    /// <summary>The account an instance is to run as: its conf's, else the daemon's; null = unchanged.</summary>
    public static (string User, string? Group)? AccountOf(InstanceSettings settings, string? daemonUser) =>
        settings.Server.User is { } user ? (user, settings.Server.Group) : daemonUser is null ? null : (daemonUser, settings.Server.Group);

    /// <summary>
    /// Whether an instance becomes somebody lesser than its supervisor, who then looks for renewed certificates in its
    /// place. Supervisor and instance both go by this.
    /// </summary>
    public static bool LosesPowers(InstanceSettings settings, string? daemonUser) =>
        Credentials.IsRoot && AccountOf(settings, daemonUser) is { } account && Credentials.FindUser(account.User) is not { User: 0 };

    /// <summary>The certificates of an instance that may not read them again, each pair of files once; none when it may.</summary>
    public static IReadOnlyList<CertificateFiles> CertificatesOutOfReach(ConfTree tree, string name)
    {
        if (!Credentials.IsRoot
            || ReadInstance(tree, name).Settings is not { Ssl: { } ssl } settings
            || !LosesPowers(settings, tree.ReadDaemon().Settings?.User))
        {
            return [];
        }

        return [.. ssl.Certificates.Select(entry => entry.Files).Prepend(ssl.Default).DistinctBy(files => (files.CertFile, files.KeyFile))];
    }

    private static string? WhyNotAs(InstanceSettings settings, string? daemonUser)
    {
        if (Credentials.IsRoot || AccountOf(settings, daemonUser) is not { } account)
        {
            return null;
        }

        return Credentials.FindUser(account.User) is { } known && known.User == Credentials.EffectiveUser
            ? null
            : $"{settings.Name}.conf: [server] user: only root can run it as '{account.User}': start skitaid as root or as '{account.User}'";
    }
}
