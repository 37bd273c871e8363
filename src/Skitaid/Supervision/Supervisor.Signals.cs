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
                    _ = await RotateAsync(null, signal.Cause, CancellationToken.None);
                    break;
                default:
                    Stop(signal);
                    break;
            }
        }

        async Task RestartAllAsync()
        {
            // Each step is in the log.
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
