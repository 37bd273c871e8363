using System.Runtime.InteropServices;
using Skitai.Posix;

namespace Skitaid.Supervision;

/// <content>What signals ask for.</content>
internal sealed partial class Supervisor
{
    private PosixSignalRegistration Handle(PosixSignal signal, int number, string name) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            // Only noted here; the loop acts.
            context.Cancel = true;
            _signals.Writer.TryWrite(new SupervisorSignal(number, name));
        });

    private async Task ActOnSignalsAsync()
    {
        await foreach (var signal in _signals.Reader.ReadAllAsync())
        {
            switch (signal.Number)
            {
                case Signals.Hup when !_options.HangUpEnds:
                    _ = RestartAllAsync();
                    break;
                case Signals.Usr1:
                    _ = RotateAllAsync(signal.Cause);
                    break;
                default:
                    Stop(signal);
                    break;
            }
        }

        // Each step of these is in the log. The loop does not wait for them: a signal to stop may come next.
        async Task RotateAllAsync(string cause)
        {
            try
            {
                _ = await RotateAsync(null, cause, _stopping.Token);
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }
        }

        async Task RestartAllAsync()
        {
            _notice.Reloading();
            try
            {
                _ = await _instances.RestartAsync(null, force: false, _stopping.Token);
                _notice.Ready(Summary());
            }
            catch (OperationCanceledException)
            {
                // Stopping.
            }
        }
    }

    /// <summary>TERM and INT, HUP of a terminal: now, with a short grace; TERM and INT a second time: at once. QUIT: when what is in hand is answered.</summary>
    private void Stop(SupervisorSignal signal)
    {
        if (_stopping.IsCancellationRequested)
        {
            // A closing terminal hangs up more than once, the kernel and the shell do it.
            if (signal.Number is not (Signals.Quit or Signals.Hup))
            {
                _hurry.Cancel();
            }

            return;
        }

        _stop = (signal.Cause, signal.Number == Signals.Quit ? SupervisedInstance.DrainLimit : SupervisedInstance.StopGrace);
        _stopping.Cancel();
    }
}
