using Skitai.Configuration.Settings;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <content>The life of a process: brought up, seen off when it ends, started again after a death.</content>
internal sealed partial class SupervisedInstance
{
    /// <summary>In our turn: a process for the conf and socket that we have; null when it serves.</summary>
    private async Task<string?> LaunchAsync(string cause, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, _ending.Token);
        try
        {
            var (child, why) = await BringUpAsync(_settings, _listener!, cause, either.Token);
            if (why is null)
            {
                lock (_state)
                {
                    _current = child;
                    _condition = InstanceCondition.Running;
                }

                return null;
            }

            NoteError(why);
            _condition = InstanceCondition.Waiting;
            _ = StartAgainAsync(_backOff.Next(TimeSpan.Zero), "the last start failed");
            return why;
        }
        catch (OperationCanceledException)
        {
            return "told to stop";
        }
    }

    private async Task<(InstanceChild? Child, string? Why)> BringUpAsync(
        InstanceSettings settings, ListeningSocket listener, string cause, CancellationToken cancellation)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, Volatile.Read(ref _bringingUp).Token);
        cancellation = either.Token;
        cancellation.ThrowIfCancellationRequested();
        InstanceChild child;
        try
        {
            child = InstanceChild.Start(settings, _places, listener, _log, _time);
        }
        catch (IOException failure)
        {
            _log.InstanceNotReady(settings.Name, failure.Message);
            return (null, failure.Message);
        }

        lock (_state)
        {
            _starting = child;
        }

        _log.InstanceStarted(settings.Name, child.Pid, listener.Address.ToString(), cause);
        try
        {
            var server = settings.Server;
            var drained = _drained.Within(settings);
            var conf = new InstanceConf(settings.ConfText, server.Python!, server.User, server.Group, drained.Names);
            if (await child.ServeAsync(conf, StartLimit, cancellation) is { } why)
            {
                _log.InstanceNotReady(settings.Name, why);
                child.Kill();
                _ = await child.Exited;
                return (null, why);
            }

            // What was ordered while it started.
            await ObeyAsync(child, _drained.OrdersFrom(drained), cancellation);
        }
        catch (OperationCanceledException)
        {
            child.Kill();
            _ = await child.Exited;
            throw;
        }
        finally
        {
            lock (_state)
            {
                _starting = null;
            }
        }

        _log.InstanceReady(settings.Name, child.Pid, (long)child.Age.TotalMilliseconds);
        foreach (var failure in child.FailedMounts)
        {
            _log.MountFailed(settings.Name, failure.Mount, failure.Error); // status shows it under the mount
        }

        _ = SeeOffAsync(child);
        return (child, null);
    }

    /// <summary>Waits for a process's end and sees to what follows from it.</summary>
    private async Task SeeOffAsync(InstanceChild child)
    {
        var exit = await child.Exited;
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            TimeSpan pause;
            lock (_state)
            {
                if (_current != child)
                {
                    _draining.Remove(child);
                    _log.InstanceEnded(Name, child.Pid, exit.ToString());
                    return;
                }

                _current = null;
                if (exit.Code == ExitCodes.Done)
                {
                    // It was told to end from outside (kill -TERM): that was wanted.
                    _condition = InstanceCondition.Stopped;
                }
                else
                {
                    _condition = InstanceCondition.Waiting;
                    _restarts++;
                }
            }

            if (exit.Code == ExitCodes.Done)
            {
                _log.InstanceEnded(Name, child.Pid, "exit 0, asked to by somebody else than the supervisor: it stays down until a restart");
                _listener?.Dispose();
                _listener = null;
                return;
            }

            pause = exit.Code == ExitCodes.StartAnew ? TimeSpan.Zero : _backOff.Next(child.Age);
            var how = exit + (child.LastWords is { } words ? $" ({words})" : "");
            _log.InstanceDied(Name, child.Pid, how, pause == TimeSpan.Zero ? "at once" : $"in {pause.TotalSeconds:0} s");
            if (exit.Code != ExitCodes.StartAnew)
            {
                NoteError($"process {child.Pid} died: {how}");
                (_lastDeath, _lastDeathAt) = (_lastError, _lastErrorAt);
            }

            _ = StartAgainAsync(pause, exit.Code == ExitCodes.StartAnew ? "it asked for it" : "the one before died");
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task StartAgainAsync(TimeSpan pause, string cause)
    {
        var waiting = new CancellationTokenSource();
        _waiting = waiting; // only in our turn
        try
        {
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, _time, waiting.Token);
            }

            await _turn.WaitAsync(waiting.Token);
        }
        catch (OperationCanceledException)
        {
            return; // a restart or a stop has come in between
        }

        try
        {
            if (_current is null && _listener is not null && !_ending.IsCancellationRequested && !waiting.IsCancellationRequested)
            {
                await LaunchAsync(cause, CancellationToken.None);
            }
        }
        finally
        {
            _turn.Release();
        }
    }
}
