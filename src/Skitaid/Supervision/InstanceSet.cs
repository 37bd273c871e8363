using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// All instances of a daemon: those of the confs in servers-enabled, as these come and go, and the confs that are broken.
/// </summary>
internal sealed class InstanceSet(ConfTree tree, DaemonPlaces places, ILogger log, TimeProvider time)
{
    private static readonly TimeSpan RetryBroken = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, SupervisedInstance> _instances = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, BrokenConf> _broken = new(StringComparer.Ordinal);
    private readonly HashSet<string> _missing = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1, 1);
    private bool _closed;
    private string? _unreadable;

    /// <summary>How many confs there are, broken ones and those whose address could not be had among them.</summary>
    public int ConfCount => _instances.Count + _broken.Count;

    /// <summary>All of them, sorted by name.</summary>
    public IEnumerable<SupervisedInstance> All => _instances.Values.OrderBy(instance => instance.Name, StringComparer.Ordinal);

    /// <summary>
    /// Binds the sockets of all confs. Every address that cannot be had gives a line; such a conf keeps nobody else down,
    /// and <see cref="FollowAsync"/> goes on trying it.
    /// </summary>
    public IReadOnlyList<string> BindAll(IReadOnlyList<InstanceSettings> confs)
    {
        List<string> errors = [];
        foreach (var settings in confs)
        {
            try
            {
                _instances[settings.Name] = new SupervisedInstance(settings, ListeningSocket.Bind(settings), places, log, time);
            }
            catch (IOException failure)
            {
                var now = time.GetUtcNow();
                _broken[settings.Name] = new BrokenConf(failure.Message, settings.ConfText, now, now);
                errors.Add(failure.Message);
            }
        }

        return errors;
    }

    /// <summary>Starts all that were bound, at the same time. Gives a line for each that does not serve.</summary>
    public async Task<IReadOnlyList<string>> StartAllAsync(CancellationToken cancellation)
    {
        var lines = await Task.WhenAll(All.Select(async instance =>
            await instance.StartAsync(cancellation) is { } why ? $"{instance.Name}: did not start: {why}" : null));
        return [.. lines.OfType<string>()];
    }

    /// <summary>Takes up confs that have come into servers-enabled, lets go of those that have left, tries broken ones that changed.</summary>
    public async Task FollowAsync(CancellationToken cancellation)
    {
        await _changing.WaitAsync(cancellation);
        try
        {
            if (_closed)
            {
                return;
            }

            if (tree.InstanceNamesIfReadable(out var problem) is not { } names)
            {
                // That says nothing of the confs: a file system may be away, somebody may have mistaken a directory.
                if (_unreadable != problem && !_instances.IsEmpty)
                {
                    log.ConfsOutOfSight(problem);
                }

                _unreadable = problem;
                return;
            }

            _unreadable = null;
            foreach (var name in names)
            {
                _missing.Remove(name);
                if (!_instances.ContainsKey(name) && IsWorthATry(name))
                {
                    _ = TakeUp(name)?.StartAsync(cancellation);
                }
            }

            foreach (var name in _instances.Keys.Concat(_broken.Keys).Where(name => !names.Contains(name)))
            {
                // Twice in a row: an editor may move a file away for a moment while it saves.
                if (!_missing.Add(name))
                {
                    LetGo(name);
                }
            }
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Restarts one instance, or all in turn; a name that was broken or new is tried now.</summary>
    public Task<ControlReply> RestartAsync(string? name, bool force, CancellationToken cancellation) =>
        RenewAsync(name, (instance, read) => instance.RestartAsync(tree, read, force, cancellation), "restarted", cancellation);

    /// <summary>Takes up the changed conf of one instance, or of all in turn; a name that was broken or new is tried now.</summary>
    public Task<ControlReply> ReloadAsync(string? name, bool force, CancellationToken cancellation) =>
        RenewAsync(name, (instance, read) => instance.ReloadAsync(tree, read, force, cancellation), "reloaded", cancellation);

    private async Task<ControlReply> RenewAsync(
        string? name, Func<SupervisedInstance, InstanceSettings?, Task<ControlReply>> renew, string done, CancellationToken cancellation)
    {
        if (name is not null)
        {
            return await RenewOneAsync(name, null, renew, cancellation);
        }

        var check = TreeCheck.Read(tree);
        if (check.Errors.Count > 0)
        {
            foreach (var error in check.Errors)
            {
                log.ConfBroken(error);
            }

            return new ControlReply(ExitCodes.Usage, [.. check.Errors, $"nothing was {done}: all goes on as it was"]);
        }

        foreach (var warning in check.Warnings)
        {
            log.Warning(warning);
        }

        // What was checked is what is taken up, unless it is edited in between.
        List<string> lines = [];
        var exit = ExitCodes.Done;
        foreach (var settings in check.Instances)
        {
            var reply = await RenewOneAsync(settings.Name, settings, renew, cancellation);
            lines.AddRange(reply.Lines);
            exit = Math.Max(exit, reply.ExitCode);
        }

        return new ControlReply(exit, lines.Count > 0 ? lines : [$"no conf in {tree.EnabledPath}: nothing to do"]);
    }

    /// <summary>Ends one instance; its conf stays, so <c>restart</c> starts it again.</summary>
    public async Task<ControlReply> StopOneAsync(string name, TimeSpan limit, string cause)
    {
        if (!_instances.TryGetValue(name, out var instance))
        {
            return Unknown(name);
        }

        await instance.StopAsync(limit, cause, forGood: false, CancellationToken.None);
        return new ControlReply(ExitCodes.Done, [$"{name}: stopped; '{places.Command($"-f {name} restart")}' starts it again"]);
    }

    /// <summary>Ends all of them for good.</summary>
    public async Task StopAllAsync(TimeSpan limit, string cause, CancellationToken hurry)
    {
        // No waiting for a change under way: its starts are called off by the stop itself.
        _closed = true;
        await Task.WhenAll(_instances.Values.Select(instance => instance.StopAsync(limit, cause, forGood: true, hurry)));
        await _changing.WaitAsync(CancellationToken.None);
        _changing.Release();
        await Task.WhenAll(_instances.Values.Select(instance => instance.StopAsync(limit, cause, forGood: true, hurry)));
    }

    /// <summary>Has one instance, or all of them, begin new log files; the answer says which log of which could not.</summary>
    public async Task<ControlReply> RotateAsync(string? name, CancellationToken cancellation)
    {
        if (name is not null && !_instances.ContainsKey(name))
        {
            return Unknown(name);
        }

        var instances = All.Where(instance => name is null || instance.Name == name).ToArray();
        var problems = await Task.WhenAll(instances.Select(instance => instance.RotateAsync(cancellation)));
        string[] lines = [.. instances.Zip(problems).Where(pair => pair.Second is not null).Select(pair => $"{pair.First.Name}: {pair.Second}")];
        return lines.Length > 0
            ? new ControlReply(ExitCodes.Failed, lines)
            : new ControlReply(ExitCodes.Done, [name is null ? "logs rotated" : $"{name}: logs rotated"]);
    }

    /// <summary>What <c>status</c> shows.</summary>
    public async Task<IReadOnlyList<InstanceStatus>> GetStatusAsync(string? name, CancellationToken cancellation)
    {
        var running = await Task.WhenAll(_instances.Values
            .Where(instance => name is null || instance.Name == name)
            .Select(async instance => WithConf(await instance.GetStatusAsync(cancellation), instance.Settings)));
        var broken = _broken
            .Where(pair => name is null || pair.Key == name)
            .Select(pair => new InstanceStatus
            {
                Name = pair.Key,
                State = InstanceCondition.Broken,
                LastError = pair.Value.Error,
                LastErrorAt = pair.Value.Since,
            });
        return [.. running.Concat(broken).OrderBy(status => status.Name, StringComparer.Ordinal)];
    }

    /// <summary>Whether the conf on the disk is another than the one that was taken up, and could be taken up.</summary>
    private InstanceStatus WithConf(InstanceStatus status, InstanceSettings settings)
    {
        // An instance that drains may have no conf any more, and takes up none.
        var changed = status.State != InstanceCondition.Draining && tree.HasChanged(settings);
        return status with { ConfChanged = changed, ConfProblem = changed && TreeCheck.ReadInstance(tree, settings.Name).Errors is [var first, ..] ? first : null };
    }

    /// <summary>The instance of that name; null = there is none, or its conf is broken.</summary>
    public SupervisedInstance? Find(string name) => _instances.GetValueOrDefault(name);

    /// <summary>The answer for a name that no instance has.</summary>
    public ControlReply Unknown(string name)
    {
        var known = _instances.Keys.Concat(_broken.Keys).Order(StringComparer.Ordinal).ToArray();
        return new ControlReply(ExitCodes.Failed, [$"no instance '{name}': " + (known.Length > 0 ? "there are " + string.Join(", ", known) : "there is none at all")]);
    }

    private async Task<ControlReply> RenewOneAsync(
        string name, InstanceSettings? read, Func<SupervisedInstance, InstanceSettings?, Task<ControlReply>> renew, CancellationToken cancellation)
    {
        if (_instances.TryGetValue(name, out var instance))
        {
            return await renew(instance, read);
        }

        await _changing.WaitAsync(cancellation);
        try
        {
            if (!tree.InstanceNames().Contains(name))
            {
                return Unknown(name);
            }

            if (TakeUp(name) is { } added)
            {
                return await added.StartAsync(cancellation) is { } why
                    ? new ControlReply(ExitCodes.Failed, [$"{name}: did not start: {why}"])
                    : added.WithMountTroubles([$"{name}: started"]);
            }

            return new ControlReply(ExitCodes.Usage, [_broken.TryGetValue(name, out var broken) ? broken.Error : $"{name}: gone"]);
        }
        finally
        {
            _changing.Release();
        }
    }

    /// <summary>Reads a new conf and binds its socket; null when that does not work. Nothing is started yet.</summary>
    private SupervisedInstance? TakeUp(string name)
    {
        if (_instances.ContainsKey(name) || _closed)
        {
            return null;
        }

        var content = ContentOf(name);
        var (settings, errors, warnings) = TreeCheck.ReadInstance(tree, name);
        try
        {
            if (settings is not null)
            {
                var instance = new SupervisedInstance(settings, ListeningSocket.Bind(settings), places, log, time);
                log.ConfChanged(name, "has come: starting it");
                foreach (var warning in warnings)
                {
                    log.Warning(warning);
                }

                _broken.TryRemove(name, out _);
                _instances[name] = instance;
                return instance;
            }
        }
        catch (IOException failure)
        {
            errors = [failure.Message];
        }

        var summary = errors.Count > 1 ? $"{errors[0]} (and {errors.Count - 1} more)" : errors[0];
        var now = time.GetUtcNow();
        if (_broken.TryGetValue(name, out var known) && known.Error == summary)
        {
            _broken[name] = known with { Content = content, TriedAt = now };
            return null;
        }

        foreach (var error in errors)
        {
            log.ConfBroken(error);
        }

        _broken[name] = new BrokenConf(summary, content, now, now);
        return null;
    }

    /// <summary>A conf that is not known to be broken, or was changed, or is tried anew because what it names may have come.</summary>
    private bool IsWorthATry(string name) =>
        !_broken.TryGetValue(name, out var broken) || time.GetUtcNow() - broken.TriedAt >= RetryBroken || broken.Content != ContentOf(name);

    private void LetGo(string name)
    {
        _missing.Remove(name);
        _broken.TryRemove(name, out _);
        if (_instances.TryGetValue(name, out var instance))
        {
            log.ConfChanged(name, "is gone: draining it");
            _ = EndAsync(instance);
        }

        async Task EndAsync(SupervisedInstance gone)
        {
            await gone.StopAsync(SupervisedInstance.DrainLimit, "its conf is gone", forGood: true, CancellationToken.None);
            _instances.TryRemove(gone.Name, out _);
        }
    }

    private string ContentOf(string name)
    {
        try
        {
            return File.ReadAllText(tree.InstanceConfPath(name));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return failure.Message;
        }
    }

    private sealed record BrokenConf(string Error, string Content, DateTimeOffset Since, DateTimeOffset TriedAt);
}
