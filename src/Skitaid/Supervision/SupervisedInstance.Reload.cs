using Skitai.Configuration;
using Skitai.Configuration.Reference;
using Skitai.Configuration.Settings;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>Reload: the process that serves takes up what has changed, where it can.</content>
internal sealed partial class SupervisedInstance
{
    /// <summary>Takes up a changed conf by what differs; by a restart, should that need a new process.</summary>
    /// <param name="tree">Where the conf is.</param>
    /// <param name="read">The conf, when it has been read and checked already.</param>
    /// <param name="force">Accept that an app which works now fails then.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task<ControlReply> ReloadAsync(ConfTree tree, InstanceSettings? read, bool force, CancellationToken cancellation) =>
        RenewAsync(tree, read, "not reloaded", (settings, either) => TakeUpAsync(settings, force, either), cancellation);

    private async Task<ControlReply> TakeUpAsync(InstanceSettings settings, bool force, CancellationToken cancellation)
    {
        if (_current is not { } current)
        {
            return await ReplaceAsync(settings, force, cancellation);
        }

        if (LiveSettings.NeedsNewProcess(_settings, settings) is { } section)
        {
            var reply = await ReplaceAsync(settings, force, cancellation);
            return reply with { Lines = [$"{Name}: a change in {section} needs a new process", .. reply.Lines] };
        }

        return await HandOverAsync(current, settings, force, cancellation);
    }

    private async Task<ControlReply> HandOverAsync(InstanceChild current, InstanceSettings settings, bool force, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Volatile.Read(ref _bringingUp).Token);
        InstanceReport? report;
        try
        {
            report = await current.ReloadAsync(LiveSettings.Of(settings), force, StartLimit, either.Token);
        }
        catch (OperationCanceledException)
        {
            return RefuseReload("the daemon or the instance was told to stop");
        }

        if (report is not { Why: null, Changes: { } changes })
        {
            // Changes beside a refusal: it could be taken up, but for an app that would not work any more.
            return RefuseReload((report?.Why ?? "its process did not answer") + (report?.Changes is null ? "" : "; --force reloads nevertheless"));
        }

        // Routes may have changed with no mount started or ended: a host renamed, say.
        var same = settings.ConfText == _settings.ConfText && changes is { Started: 0, Ended: 0 };
        var clusters = ClusterChanges.Between(_settings.Clusters, settings.Clusters);
        _settings = settings;
        _drained = _drained.Within(settings);
        current.FailedMounts = report.Mounts ?? [];
        if (!same)
        {
            _log.InstanceReloaded(Name, current.Pid, changes.Kept, changes.Started, changes.Ended);
            foreach (var cluster in clusters)
            {
                _log.ClusterChanged(Name, cluster);
            }
        }

        foreach (var failure in current.FailedMounts)
        {
            _log.MountFailed(Name, failure.Mount, failure.Error);
        }

        if (same)
        {
            return WithMountTroubles([$"{Name}: nothing to change, all goes on as it is; '{_places.Command($"-f {Name} restart")}' renews the workers of its apps"], force);
        }

        var done = $"{Name}: reloaded; mounts: {changes.Kept} as before, {changes.Started} started, {changes.Ended} ended";
        return WithMountTroubles([done, .. clusters.Select(cluster => $"{Name}: {cluster}")], force);
    }

    private ControlReply RefuseReload(string why)
    {
        _log.ReloadRefused(Name, why);
        NoteError(why);
        return new ControlReply(ExitCodes.Failed, [$"{Name}: not reloaded: {why}", $"{Name}: {StillThere()}"]);
    }

    /// <summary>Reads the conf; without settings the reply says what is wrong with it.</summary>
    private (InstanceSettings? Settings, ControlReply? Refusal) ReadConf(ConfTree tree, string result)
    {
        var (settings, errors, warnings) = TreeCheck.ReadInstance(tree, Name);
        foreach (var warning in warnings)
        {
            _log.Warning(warning);
        }

        if (settings is not null)
        {
            return (settings, null);
        }

        string[] lines = [.. errors, $"{Name}: {result}; {StillThere()}"];
        _log.ConfRefused(Name, result, lines[0]);
        NoteError(lines[0]);
        return (null, new ControlReply(ExitCodes.Usage, lines));
    }
}
