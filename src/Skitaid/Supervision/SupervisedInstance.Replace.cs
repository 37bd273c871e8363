using Skitai.Configuration;
using Skitai.Configuration.Settings;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>Restart: a successor is brought up beside the process that serves, and takes its place or is dropped.</content>
internal sealed partial class SupervisedInstance
{
    /// <summary>Replaces the process by one that serves the conf as it is now; whatever goes wrong, the old one goes on.</summary>
    /// <param name="tree">Where the conf is.</param>
    /// <param name="read">The conf, when it has been read and checked already.</param>
    /// <param name="force">Accept that an app which works now fails in the successor.</param>
    /// <param name="cancellation">Gives up the successor.</param>
    public Task<ControlReply> RestartAsync(ConfTree tree, InstanceSettings? read, bool force, CancellationToken cancellation) =>
        RenewAsync(tree, read, "not restarted", (settings, either) => ReplaceAsync(settings, force, either), cancellation);

    /// <summary>In our turn: reads the conf, unless it still is the one that was read, and has it taken up.</summary>
    private async Task<ControlReply> RenewAsync(
        ConfTree tree,
        InstanceSettings? read,
        string refused,
        Func<InstanceSettings, CancellationToken, Task<ControlReply>> takeUp,
        CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        await _waiting.CancelAsync();
        await _turn.WaitAsync(either.Token);
        try
        {
            var (settings, refusal) = read is null || tree.HasChanged(read) ? ReadConf(tree, refused) : (read, null);
            return settings is null ? refusal! : await takeUp(settings, either.Token);
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<ControlReply> ReplaceAsync(InstanceSettings settings, bool force, CancellationToken cancellation)
    {
        var listener = _listener;
        try
        {
            if (listener is null || !ListeningSocket.AddressOf(settings).Equals(listener.Address))
            {
                listener = ListeningSocket.Bind(settings);
            }

            var (successor, why) = await BringUpAsync(settings, listener, "restart", cancellation);
            if (why is null && !force && NewlyFailed(_current, successor!) is { } broken)
            {
                why = $"{broken.Mount} works now and would not any more: {broken.Error}; --force restarts nevertheless";
                await successor!.EndAsync(InstanceOrder.Stop, TimeSpan.Zero, CancellationToken.None);
            }

            if (why is not null)
            {
                return Refuse(why, listener);
            }

            if (Adopt(successor!, settings, listener) is { } old)
            {
                // Whoever connects after the command has returned meets the successor.
                await old.WaitUntilDrainingAsync(StopGrace);
            }

            return WithMountTroubles([$"{Name}: restarted, process {successor!.Pid} serves {Address}"], force);
        }
        catch (IOException failure)
        {
            return Refuse(failure.Message, listener);
        }
        catch (OperationCanceledException)
        {
            return Refuse("the daemon or the instance was told to stop", listener);
        }
    }

    private ControlReply Refuse(string why, ListeningSocket? listener)
    {
        if (listener != _listener)
        {
            listener?.Dispose();
        }

        _log.RestartRefused(Name, why);
        NoteError(why);
        if (_current is null && _condition == InstanceCondition.Waiting)
        {
            _ = StartAgainAsync(_backOff.Next(TimeSpan.Zero), "after a failed restart");
        }

        return new ControlReply(ExitCodes.Failed, [$"{Name}: not restarted: {why}", $"{Name}: {StillThere()}"]);
    }

    /// <summary>
    /// The reply for what has been taken up. An app that was broken before and still is fails no restart, but an instance
    /// of which nothing works is no success, unless forced: whoever deploys must not take it for one.
    /// </summary>
    internal ControlReply WithMountTroubles(IReadOnlyList<string> done, bool force = false) =>
        new(NothingWorks && !force ? ExitCodes.Failed : ExitCodes.Done, [.. done, .. MountTroubles]);

    private string StillThere() => _current is { } current ? $"process {current.Pid} goes on as it is" : "no process of it runs";

    private static MountFailure? NewlyFailed(InstanceChild? old, InstanceChild successor)
    {
        return old is null ? null : successor.FailedMounts.FirstOrDefault(failure => !old.FailedMounts.Any(known => known.Mount == failure.Mount));
    }

    /// <summary>The successor serves: it takes the place of the one before, which drains.</summary>
    /// <returns>The one before; null = there was none.</returns>
    private InstanceChild? Adopt(InstanceChild successor, InstanceSettings settings, ListeningSocket listener)
    {
        InstanceChild? old;
        lock (_state)
        {
            old = _current;
            _current = successor;
            _settings = settings;
            _drained = _drained.Within(settings);
            _condition = InstanceCondition.Running;
            if (old is not null)
            {
                _draining.Add(old);
            }
        }

        if (listener != _listener)
        {
            _listener?.Dispose();
            _listener = listener;
        }

        _backOff.Reset();
        if (old is not null)
        {
            _log.InstanceDraining(Name, old.Pid, "replaced");
            _ = old.EndAsync(InstanceOrder.Drain, DrainLimit, CancellationToken.None);
        }

        return old;
    }
}
