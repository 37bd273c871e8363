using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitai.Posix;

namespace Skitaid.Supervision;

/// <summary>A whole config tree, read: settings, and every error there is.</summary>
/// <param name="Daemon">What skitaid.conf says; null when it is broken.</param>
/// <param name="Instances">The confs without error, sorted by name.</param>
/// <param name="Errors">One line each, in the order of the files.</param>
internal sealed record TreeCheck(DaemonSettings? Daemon, IReadOnlyList<InstanceSettings> Instances, IReadOnlyList<string> Errors)
{
    /// <summary>Reads all of a tree.</summary>
    public static TreeCheck Read(ConfTree tree)
    {
        if (!Directory.Exists(tree.EtcPath))
        {
            return new(null, [], [$"no config tree in {tree.EtcPath}: 'skitaid init --etc {tree.EtcPath}' makes one, --etc DIR names another"]);
        }

        var daemon = tree.ReadDaemon();
        List<string> errors = [.. daemon.Errors.Select(error => error.ToString())];
        if (daemon.Settings is { User: { } daemonUser } && WhyNotAs(daemonUser, null) is { } reason)
        {
            errors.Add($"skitaid.conf: [global] user: {reason}");
        }

        List<InstanceSettings> instances = [];
        foreach (var name in tree.InstanceNames())
        {
            var (settings, broken) = ReadInstance(tree, name);
            errors.AddRange(broken);
            if (settings is null)
            {
                continue;
            }

            if (instances.Find(other => ListeningSocket.AddressOf(other).Equals(ListeningSocket.AddressOf(settings))) is { } twin)
            {
                errors.Add($"{name}.conf: [server] port: {ListeningSocket.AddressOf(settings)} is what {twin.Name}.conf listens on already");
            }

            instances.Add(settings);
        }

        return new(daemon.Settings, instances, errors);
    }

    /// <summary>Reads one conf; settings are null when there is any error.</summary>
    public static (InstanceSettings? Settings, IReadOnlyList<string> Errors) ReadInstance(ConfTree tree, string name)
    {
        var (settings, errors) = tree.ReadInstance(name);
        if (settings is { Server.User: { } user } && WhyNotAs(user, settings.Server.Group) is { } reason)
        {
            return (null, [$"{name}.conf: [server] user: {reason}"]);
        }

        return (settings, [.. errors.Select(error => error.ToString())]);
    }

    private static string? WhyNotAs(string user, string? group)
    {
        if (Credentials.FindUser(user) is not { } account)
        {
            return $"no user '{user}' on this machine";
        }

        if (group is not null && Credentials.FindGroup(group) is null)
        {
            return $"no group '{group}' on this machine";
        }

        return Credentials.IsRoot || account.User == Credentials.EffectiveUser ? null : $"only root can run it as '{user}': start skitaid as root, or as '{user}'";
    }
}
