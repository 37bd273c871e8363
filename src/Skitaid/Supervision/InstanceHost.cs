using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Skitai.Configuration;
using Skitai.Configuration.Certificates;
using Skitai.Engine;
using Skitai.Engine.Hosting.Tls;
using Skitai.Engine.Hosting.Transport;
using Skitai.Posix;
using Skitaid.Commands;
using Skitaid.Control;

namespace Skitaid.Supervision;

/// <summary>
/// What <c>skitaid instance -f NAME</c> does, the supervisor's child: takes over the two descriptors, becomes who it is to
/// be, serves, and ends when it is told to or when the supervisor is gone.
/// </summary>
internal sealed partial class InstanceHost
{
    /// <summary>A conf of the largest size that is read, as JSON.</summary>
    private const int LargestOrder = 8 * 1024 * 1024;

    private const int KillTries = 8;
    private static readonly TimeSpan KillPause = TimeSpan.FromMilliseconds(100);

    private readonly JsonLines _control;
    private readonly string _name;
    private readonly DaemonPlaces _places;
    private readonly Lock _deadline = new();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _hurry = new();
    private readonly TaskCompletionSource<InstanceConf> _conf = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _exit = ExitCodes.Done;
    private DateTime _endBy = DateTime.MaxValue;
    private Instance? _instance;

    private InstanceHost(JsonLines control, string name, DaemonPlaces places) => (_control, _name, _places) = (control, name, places);

    /// <summary>Runs an instance until its end.</summary>
    /// <returns>What the process exits with.</returns>
    public static async Task<int> RunAsync(string name, DaemonPlaces places)
    {
        InlineCompletions.Enable();
        var supervisor = ParentDeath.ParentId;
        JsonLines control;
        try
        {
            control = new JsonLines(InheritedDescriptors.TakeSocket(InstanceChild.ControlDescriptor), LargestOrder);
            InheritedDescriptors.Protect(InstanceChild.ListenerDescriptor);
        }
        catch (Exception failure) when (failure is Win32Exception or SocketException)
        {
            await Console.Error.WriteLineAsync("skitaid instance is started by the supervisor; 'skitaid -f NAME restart' restarts one");
            return ExitCodes.Usage;
        }

        using (control)
        {
            return await new InstanceHost(control, name, places).RunAsync(supervisor);
        }
    }

    private async Task<int> RunAsync(int supervisor)
    {
        using var terminate = Handle(PosixSignal.SIGTERM, () => EndWithin(SupervisedInstance.StopGrace));
        using var interrupt = Handle(PosixSignal.SIGINT, () => EndWithin(SupervisedInstance.StopGrace));
        using var quit = Handle(PosixSignal.SIGQUIT, () => EndWithin(SupervisedInstance.DrainLimit));
        using var hangUp = Handle(PosixSignal.SIGHUP, () => EndWithin(SupervisedInstance.DrainLimit, ExitCodes.StartAnew));
        using var user1 = Handle((PosixSignal)Signals.Usr1, () => _ = _instance?.RotateLogsAsync());
        var obeying = ObeyAsync();
        try
        {
            _instance = await StartAsync(supervisor);
        }
        catch (OperationCanceledException) when (_end.Task.IsCompleted)
        {
            return _exit;
        }
#pragma warning disable CA1031 // whatever it is, the supervisor is to hear of it
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await ReportAsync(new InstanceReport(InstanceReport.Failed, Why(failure)));
            return ExitCodes.Failed;
        }

        await ReportAsync(new InstanceReport(InstanceReport.Ready, Mounts: EngineFigures.FailedMounts(_instance.GetStatus())));
        await _end.Task;
        await DrainAsync(_instance);
        return _exit;
    }

    private async Task<Instance> StartAsync(int supervisor)
    {
        var conf = await _conf.Task.WaitAsync(_hurry.Token);
        var tree = new ConfTree(_places.Etc);
        var read = tree.ReadInstance(_name, conf.Text, tree.InstanceConfPath(_name));
        if (read.Settings is not { } settings)
        {
            throw new IOException(read.Errors[0].ToString());
        }

        settings = settings with { Server = settings.Server with { Python = conf.Python, User = conf.User, Group = conf.Group } };
        var logs = _places.InstanceLogs(_name);
        Directory.CreateDirectory(logs);
        var cache = _places.InstanceCache(_name);
        // The control pair's end says the same; this needs nobody of us.
        ParentDeath.SetSignal(Signals.Term, supervisor);
        var environment = new InstanceEnvironment
        {
            Listener = InstanceChild.ListenerDescriptor,
            LogDirectory = logs,
            BecomeUser = BecomeUser,
            WatchesCertificates = !TreeCheck.LosesPowers(settings),
            CacheDirectory = cache,
            DrainedMembers = [.. (conf.Drained ?? []).Select(name => new DrainedMember(name.Cluster, name.Member))],
            PythonPackage = Path.Combine(AppContext.BaseDirectory, "python"),
        };
        return await Instance.StartAsync(settings, environment, _hurry.Token);

        void BecomeUser()
        {
            if (conf.User is { } user && Credentials.IsRoot)
            {
                GiveTo(user, conf.Group, logs);
                try
                {
                    Directory.CreateDirectory(cache);
                    GiveTo(user, conf.Group, cache);
                }
                catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
                {
                    // The cache finds that out, too, tells it, and goes on without a disk.
                }

                Credentials.Drop(user, conf.Group);
                ParentDeath.SetSignal(Signals.Term, supervisor); // the change has cleared the wish
            }
        }
    }

    /// <summary>The instance writes and rotates its own logs, and keeps its cache: such a directory and what is in it belong to its user.</summary>
    private static void GiveTo(string user, string? group, string directory)
    {
        if (Credentials.FindUser(user) is not { } account)
        {
            throw new IOException($"no user '{user}' on this machine");
        }

        var owner = group is null ? account.Group : Credentials.FindGroup(group) ?? throw new IOException($"no group '{group}' on this machine");
        HandedOverDirectory.Give(directory, account.User, owner);
    }

    private async Task ObeyAsync()
    {
        try
        {
            while (await _control.ReadAsync(ControlJson.Default.InstanceOrder, CancellationToken.None) is { } order)
            {
                // Orders read files and the state of processes: not on the thread that polls the clients' sockets.
                await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
                switch (order.Order)
                {
                    case InstanceOrder.Start when order.Conf is { } conf:
                        _conf.TrySetResult(conf);
                        break;
                    case InstanceOrder.Drain or InstanceOrder.Stop:
                        EndWithin(TimeSpan.FromSeconds(order.Seconds));
                        break;
                    case InstanceOrder.Reload:
                        _ = ReloadAsync(order); // takes as long as apps take to start
                        break;
                    case InstanceOrder.Rotate:
                        _ = RotateAsync(order.Number); // a disk may take its time
                        break;
                    case InstanceOrder.Certificate when order.Renewed is { } renewed:
                        Renew(renewed);
                        break;
                    case InstanceOrder.Member when order.MemberOrder is { } member:
                        await OrderMemberAsync(member, order.Number);
                        break;
                    case InstanceOrder.Purge when order.PurgeOrder is { } purge:
                        _ = PurgeAsync(purge, order.Number); // a disk may take its time
                        break;
                    case InstanceOrder.Status:
                        await ReportAsync(new InstanceReport(
                            InstanceReport.Status,
                            Figures: _instance is { } running ? EngineFigures.From(running.GetStatus(), DateTimeOffset.UtcNow) : null,
                            Number: order.Number));
                        break;
                }
            }
        }
        catch (InvalidDataException)
        {
            // The same as its end: a supervisor that talks nonsense is none.
        }

        // The supervisor is gone: nobody is to linger. Hard, if the soft way hangs.
        EndWithin(SupervisedInstance.StopGrace);
        _ = KillSelfAfterAsync(SupervisedInstance.StopGrace + TimeSpan.FromSeconds(5));
    }

    private async Task ReloadAsync(InstanceOrder order)
    {
        if (_instance is not { } running || order.Live is not { } live)
        {
            await ReportAsync(new InstanceReport(InstanceReport.Reloaded, "it does not serve yet", Number: order.Number));
            return;
        }

        try
        {
            var result = await running.ReloadAsync(live, order.Force, _hurry.Token);
            await ReportAsync(new InstanceReport(
                InstanceReport.Reloaded,
                result.Refused,
                EngineFigures.FailedMounts(running.GetStatus()),
                Changes: new MountChanges(result.Kept, result.Started, result.Ended),
                Number: order.Number));
        }
#pragma warning disable CA1031 // whatever it is, the supervisor is to hear of it, and what serves goes on
        catch (Exception failure)
#pragma warning restore CA1031
        {
            await ReportAsync(new InstanceReport(
                InstanceReport.Reloaded, failure is OperationCanceledException ? "it was told to stop" : Why(failure), Number: order.Number));
        }
    }

    private async Task RotateAsync(long number)
    {
        var problems = _instance is { } running ? await running.RotateLogsAsync() : ["it does not serve yet"];
        await ReportAsync(new InstanceReport(InstanceReport.Rotated, problems.Count > 0 ? string.Join("; ", problems) : null, Number: number));
    }

    /// <summary>Before it serves nothing is sent: it reads the files itself then, and the supervisor has looked before that.</summary>
    private void Renew(RenewedCertificate renewed)
    {
        using var change = renewed.CertBytes is { } certificate
            ? new CertificateChange(new CertificateContent(certificate, renewed.KeyBytes ?? certificate))
            : new CertificateChange(renewed.Problem ?? "the supervisor does not say why");
        _instance?.RenewCertificate(renewed.CertFile, renewed.KeyFile, change);
    }

    private static async Task KillSelfAfterAsync(TimeSpan wait)
    {
        await Task.Delay(wait);
        Environment.FailFast("skitaid instance: the supervisor is gone and draining hangs");
    }

    private void EndWithin(TimeSpan limit, int exit = ExitCodes.Done)
    {
        lock (_deadline)
        {
            if (!_end.Task.IsCompleted)
            {
                _exit = exit;
            }

            var endBy = DateTime.UtcNow + limit;
            if (endBy < _endBy)
            {
                _endBy = endBy;
                _hurry.CancelAfter(limit);
            }
        }

        if (_instance is null)
        {
            _hurry.Cancel(); // still starting: there is nothing to drain
        }

        _end.TrySetResult();
    }

    private async Task DrainAsync(Instance instance)
    {
        await instance.StopAcceptingAsync();
        await ReportAsync(new InstanceReport(InstanceReport.Draining));
        TimeSpan left;
        lock (_deadline)
        {
            left = _endBy - DateTime.UtcNow;
        }

        // In a hurry an idle connection is not waited for: only what is in hand gets the grace.
        if (left > SupervisedInstance.StopGrace || left <= TimeSpan.Zero)
        {
            await instance.DrainAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _hurry.Token);
        }

        await EndInTimeAsync(instance);
    }

    /// <summary>The apps' workers end well if the time allows it; when it is up nobody waits for them.</summary>
    private async Task EndInTimeAsync(Instance instance)
    {
        var ended = instance.DisposeAsync().AsTask();
        try
        {
            await ended.WaitAsync(_hurry.Token);
            return;
        }
        catch (OperationCanceledException) when (!ended.IsCompleted)
        {
            // The time is up.
        }

        // What was cut a moment ago is still being tidied away; what is left after the last try ends with this process.
        for (var i = 0; i < KillTries && !ended.IsCompleted; i++)
        {
            instance.Cut();
            await Task.WhenAny(ended, Task.Delay(KillPause));
        }
    }

    private async Task ReportAsync(InstanceReport report)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await _control.WriteAsync(report, ControlJson.Default.InstanceReport, limit.Token);
        }
        catch (OperationCanceledException)
        {
            // A supervisor that does not read for so long has other worries.
        }
    }

    private static PosixSignalRegistration Handle(PosixSignal signal, Action action) =>
        PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            action();
        });

    private static string Why(Exception failure) => failure is IOException or Win32Exception or ArgumentException or CertificateFileException
        ? failure.Message
        : $"{failure.GetType().Name}: {failure.Message}";
}
