using System.ComponentModel;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>A worker's process and its descriptors.</summary>
internal sealed class WorkerProcess : IAsyncDisposable
{
    private readonly ChildProcess _child;
    private readonly WorkerOutput _output;

    private WorkerProcess(ChildProcess child, Socket socket, WorkerOutput output)
    {
        _child = child;
        Socket = socket;
        _output = output;
    }

    public int Pid => _child.Pid;

    public Socket Socket { get; }

    public Task<ChildExit> Exited => _child.Exited;

    /// <summary>Starts a worker of a pool.</summary>
    /// <exception cref="Win32Exception">The interpreter cannot be started, or descriptors have run out.</exception>
    public static WorkerProcess Start(AppPool pool)
    {
        var (ours, theirs) = Pairs.CreateSockets();
        var (output, outputTheirs) = Pairs.CreatePipe();
        var (errors, errorsTheirs) = Pairs.CreatePipe();
        var (dumps, dumpsTheirs) = Pairs.CreatePipe();
        var settings = pool.Settings;
        try
        {
            using var nothing = File.OpenHandle("/dev/null");
            var child = ChildProcess.Start(new ChildStart
            {
                File = settings.Python,
                Arguments = [settings.Python, settings.WorkerFile, pool.Label],
                Environment = settings.WorkerEnvironment(),
                WorkingDirectory = settings.Target.Directory,
                EndsGroup = true,
                Descriptors = [(nothing, 0), (outputTheirs, 1), (errorsTheirs, 2), (theirs, 3), (dumpsTheirs, 4)],
            });
            return new WorkerProcess(child, ours, new WorkerOutput(pool, child.Pid, output, errors, dumps));
        }
        catch (Win32Exception)
        {
            ours.Dispose();
            output.Dispose();
            errors.Dispose();
            dumps.Dispose();
            throw;
        }
        finally
        {
            SafeFileHandle[] handedOver = [theirs, outputTheirs, errorsTheirs, dumpsTheirs];
            foreach (var handle in handedOver)
            {
                handle.Dispose();
            }
        }
    }

    public bool Signal(int signal) => _child.Signal(signal);

    public bool SignalGroup(int signal) => _child.SignalGroup(signal);

    /// <summary>Asks for the traceback of every thread and waits for it, at most two seconds.</summary>
    public Task<string> DumpThreadsAsync(TimeProvider time) => _output.DumpAsync(() => _child.Signal(Signals.Usr2), time);

    /// <summary>After the end of the process: what it printed last is logged.</summary>
    public ValueTask DisposeAsync() => _output.DisposeAsync();
}
