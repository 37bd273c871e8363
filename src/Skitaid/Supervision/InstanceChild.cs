using System.ComponentModel;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Skitai.Configuration.Settings;
using Skitai.Engine.Hosting.Tls;
using Skitai.Posix;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// The supervisor's handle of one instance process: its control pair, what it prints, its end, the certificates that it
/// may not read itself.
/// </summary>
internal sealed partial class InstanceChild
{
    /// <summary>The child's descriptor of the control pair.</summary>
    public const int ControlDescriptor = 3;

    /// <summary>The child's descriptor of the listening socket.</summary>
    public const int ListenerDescriptor = 4;

    private static readonly TimeSpan EndPatience = TimeSpan.FromSeconds(2);

    private readonly string _name;
    private readonly ChildProcess _process;
    private readonly JsonLines _control;
    private readonly IReadOnlyList<CertificateWatch> _certificates;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly long _startedAt;
    private readonly TaskCompletionSource<InstanceReport> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _draining = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Question _status;
    private readonly Question _reload;
    private readonly Question _rotate;
    private readonly Question _order;
    private readonly Question _purge;
    private volatile string? _lastWords;
    private volatile bool _gone;
    private Task _handing = Task.CompletedTask;

    private InstanceChild(
        string name,
        ChildProcess process,
        Socket control,
        Socket output,
        IReadOnlyList<CertificateWatch> certificates,
        ILogger log,
        TimeProvider time)
    {
        (_name, _process, _certificates, _log, _time) = (name, process, certificates, log, time);
        _control = new JsonLines(control);
        (_status, _reload, _rotate, _order, _purge) = (new(time), new(time), new(time), new(time), new(time));
        _startedAt = time.GetTimestamp();
        var listening = ListenAsync();
        var printing = ReadOutputAsync(output);
        Exited = EndAsync(listening, printing);
    }

    /// <summary>Its process id.</summary>
    public int Pid => _process.Pid;

    /// <summary>How long it has been running.</summary>
    public TimeSpan Age => _time.GetElapsedTime(_startedAt);

    /// <summary>Done when it has ended, was reaped, and all it said was read. Never fails.</summary>
    public Task<ChildExit> Exited { get; }

    /// <summary>The mounts that could not serve when it became ready, or took up a changed conf.</summary>
    public IReadOnlyList<MountFailure> FailedMounts { get; set; } = [];

    /// <summary>The last line it printed to standard error; null = nothing.</summary>
    public string? LastWords => _lastWords;

    /// <summary>Starts <c>skitaid instance -f NAME</c>.</summary>
    /// <exception cref="IOException">It cannot be started.</exception>
    public static InstanceChild Start(InstanceSettings settings, DaemonPlaces places, ListeningSocket listener, ILogger log, TimeProvider time)
    {
        // Looked at before it starts: what changes from here on, read by it or not, is handed to it once it serves.
        var certificates = TreeCheck.CertificatesOutOfReach(settings).Select(files => new CertificateWatch(files)).ToArray();
        Socket? control = null, output = null;
        SafeFileHandle? theirControl = null, theirOutput = null;
        try
        {
            (control, theirControl) = Pairs.CreateSockets();
            (output, theirOutput) = Pairs.CreateSockets();
            using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var process = ChildProcess.Start(new ChildStart
            {
                File = OwnProgram.Path,
                Arguments =
                [
                    "skitaid", "instance", "-f", settings.Name, "--etc", places.Etc, "--log-path", places.Log, "--var-path", places.Var,
                ],
                WorkingDirectory = "/",
                Descriptors =
                [
                    (nothing, 0), (theirOutput, 1), (theirOutput, 2),
                    (theirControl, ControlDescriptor), (listener.Handle, ListenerDescriptor),
                ],
            });
            return new InstanceChild(settings.Name, process, control, output, certificates, log, time);
        }
        catch (Exception failure) when (failure is Win32Exception or IOException)
        {
            control?.Dispose();
            output?.Dispose();
            throw new IOException(failure.Message, failure);
        }
        finally
        {
            theirControl?.Dispose();
            theirOutput?.Dispose();
        }
    }

    /// <summary>Has it serve, and waits until it does; null then, else one line saying why it will not.</summary>
    /// <param name="conf">What it is to serve.</param>
    /// <param name="limit">The longest to wait.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<string?> ServeAsync(InstanceConf conf, TimeSpan limit, CancellationToken cancellation)
    {
        using var patience = new CancellationTokenSource(limit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            // False when it is gone; that is told below.
            await SendAsync(new InstanceOrder(InstanceOrder.Start, Conf: conf), either.Token);
            var first = await Task.WhenAny(_ready.Task, Exited).WaitAsync(either.Token);
            if (first == Exited && !_ready.Task.IsCompletedSuccessfully)
            {
                return $"its process ended ({await Exited})" + (LastWords is { } words ? ": " + words : "");
            }

            var report = await _ready.Task;
            FailedMounts = report.Mounts ?? [];
            return report.Report == InstanceReport.Ready ? null : report.Why ?? "it gave no reason";
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return $"its process was not ready within {limit.TotalSeconds:0} s";
        }
    }

    /// <summary>Waits until it takes no new connection any more: it drains, or it has ended, or it does not say so in time.</summary>
    public async Task WaitUntilDrainingAsync(TimeSpan limit)
    {
        try
        {
            await Task.WhenAny(_draining.Task, Exited).WaitAsync(limit, _time);
        }
        catch (TimeoutException)
        {
            // A connection more may meet the old process; that it hangs comes out when its time to end is up.
        }
    }

    /// <summary>Asks for its figures; null when it does not answer in time.</summary>
    public async Task<InstanceFigures?> AskAsync(TimeSpan limit, CancellationToken cancellation) =>
        (await _status.AskAsync((number, either) => SendAsync(new InstanceOrder(InstanceOrder.Status, Number: number), either), limit, cancellation))?.Figures;

    /// <summary>Has it take up a changed conf. One call at a time.</summary>
    /// <returns>What it says; null when it is gone or does not answer in time.</returns>
    public Task<InstanceReport?> ReloadAsync(LiveSettings live, bool force, TimeSpan limit, CancellationToken cancellation) => _reload.AskAsync(
        (number, either) => SendAsync(new InstanceOrder(InstanceOrder.Reload, Live: live, Force: force, Number: number), either), limit, cancellation);

    /// <summary>Has it rotate its logs; who asks while it does gets the same answer.</summary>
    /// <returns>Which could not be rotated and why, one line; null = done, or it is gone.</returns>
    public async Task<string?> RotateAsync(TimeSpan limit, CancellationToken cancellation)
    {
        var report = await _rotate.AskAsync(
            (number, either) => SendAsync(new InstanceOrder(InstanceOrder.Rotate, Number: number), either), limit, cancellation);
        return report is not null ? report.Why : _gone ? null : $"its process {Pid} has not answered within {limit.TotalSeconds:0} s";
    }

    /// <summary>Gives it an order; false when it is gone.</summary>
    public ValueTask<bool> SendAsync(InstanceOrder order, CancellationToken cancellation) =>
        _control.WriteAsync(order, ControlJson.Default.InstanceOrder, cancellation);

    /// <summary>
    /// Looks at the certificates that it may not read itself, and hands it what has changed. Only once it serves. Does not
    /// wait: files or a process that hang keep nobody else from theirs.
    /// </summary>
    public void FollowCertificates()
    {
        if (_certificates.Count > 0 && _handing.IsCompleted)
        {
            _handing = Task.Run(HandCertificatesAsync);
        }
    }

    /// <summary>Sends a signal to it alone.</summary>
    public void Signal(int signal) => _process.Signal(signal);

    /// <summary>Kills it with all of its process group. Its workers die with it: they ask the kernel for that.</summary>
    public void Kill() => _process.SignalGroup(Signals.Kill);

    /// <summary>Has it end, at the latest after some time.</summary>
    /// <param name="order">How.</param>
    /// <param name="limit">How long requests in hand may take. Two seconds after that it is killed.</param>
    /// <param name="hurry">Cuts the patience short: it is to end at once.</param>
    public async Task EndAsync(string order, TimeSpan limit, CancellationToken hurry)
    {
        try
        {
            using var patience = new CancellationTokenSource(limit + EndPatience, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, hurry);
            if (!await SendAsync(new InstanceOrder(order, limit.TotalSeconds), either.Token))
            {
                _process.Signal(Signals.Term);
            }

            await Exited.WaitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            if (!hurry.IsCancellationRequested || !await EndsAtOnceAsync())
            {
                _log.InstanceKilled(_name, Pid, "it did not end in time");
                Kill();
                await Exited;
            }
        }
    }

    /// <summary>Only it can end the programs that its apps have started, so it gets a moment for that.</summary>
    private async Task<bool> EndsAtOnceAsync()
    {
        using var patience = new CancellationTokenSource(EndPatience, _time);
        try
        {
            if (!await SendAsync(new InstanceOrder(InstanceOrder.Stop, 0), patience.Token))
            {
                _process.Signal(Signals.Kill);
            }

            await Exited.WaitAsync(patience.Token);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task HandCertificatesAsync()
    {
        foreach (var watch in _certificates)
        {
            using var change = watch.Look();
            if (change is not null)
            {
                var (content, files) = (change.Content, watch.Files);
                var key = ReferenceEquals(content?.Key, content?.Certificate) ? null : content?.Key;
                var order = new InstanceOrder(
                    InstanceOrder.Certificate, Renewed: new RenewedCertificate(files.CertFile, files.KeyFile, content?.Certificate, key, change.Problem));

                // What is given up here would never be handed over; an end of the process ends this, too.
                await SendAsync(order, CancellationToken.None);
            }
        }
    }

    private async Task<ChildExit> EndAsync(Task listening, Task printing)
    {
        var exit = await _process.Exited;

        // What it wrote is in the sockets' buffers: read it to the end, unless a grandchild keeps them open.
        await Task.WhenAny(Task.WhenAll(listening, printing), Task.Delay(TimeSpan.FromSeconds(1), _time));
        _gone = true;
        _control.Dispose();
        _status.Close();
        _reload.Close();
        _rotate.Close();
        _order.Close();
        _purge.Close();
        return exit;
    }

    private async Task ListenAsync()
    {
        try
        {
            while (await _control.ReadAsync(ControlJson.Default.InstanceReport, CancellationToken.None) is { } report)
            {
                switch (report.Report)
                {
                    case InstanceReport.Status:
                        _status.Answer(report);
                        break;
                    case InstanceReport.Reloaded:
                        _reload.Answer(report);
                        break;
                    case InstanceReport.Rotated:
                        _rotate.Answer(report);
                        break;
                    case InstanceReport.Ordered:
                        _order.Answer(report);
                        break;
                    case InstanceReport.Purged:
                        _purge.Answer(report);
                        break;
                    case InstanceReport.Draining:
                        _draining.TrySetResult();
                        break;
                    default:
                        _ready.TrySetResult(report);
                        break;
                }
            }
        }
        catch (InvalidDataException failure)
        {
            _log.InstanceTalksNonsense(_name, failure.Message);
            Kill();
        }
    }

    private async Task ReadOutputAsync(Socket output)
    {
        using var stream = new NetworkStream(output, ownsSocket: true);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        try
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                if (string.IsNullOrWhiteSpace(line))
                {
                    continue;
                }

                _log.InstanceSaid(_name, line);
                if (!char.IsWhiteSpace(line[0]))
                {
                    _lastWords = line; // not the indented lines of a stack trace below it
                }
            }
        }
        catch (IOException)
        {
            // It is gone.
        }
    }
}
