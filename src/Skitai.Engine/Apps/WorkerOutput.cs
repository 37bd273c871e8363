using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Skitai.Posix;

namespace Skitai.Engine.Apps;

/// <summary>
/// Reads what a worker prints and its thread dumps. One thread per worker: .NET reads pipes by blocking, and three
/// blocked pool threads per worker would be worse.
/// </summary>
internal sealed class WorkerOutput : IAsyncDisposable
{
    private static readonly TimeSpan DumpPatience = TimeSpan.FromSeconds(2), DumpPause = TimeSpan.FromMilliseconds(200);
    private const int MaxDump = 256 * 1024;

    private readonly SafeHandle?[] _pipes;
    private readonly SafeFileHandle _stop;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _dumping = new(1);
    private readonly StringBuilder _dump = new();
    private readonly OutputLines _output;
    private readonly OutputLines _errors;

    public WorkerOutput(AppPool pool, int pid, SafeFileHandle output, SafeFileHandle errors, SafeFileHandle dumps)
    {
        _output = new OutputLines(line => AppLog.Line(pool.Output, pool.Label, pid, line));
        _errors = new OutputLines(line => AppLog.Line(pool.Output, pool.Label, pid, line));
        var (stopped, stop) = Pairs.CreatePipe();
        _stop = stop;
        _pipes = [output, errors, dumps, stopped];
        new Thread(Read, 256 * 1024) { IsBackground = true, Name = $"output {pid}" }.Start();
    }

    /// <summary>Lets <paramref name="ask"/> cause a dump and returns what comes until a pause.</summary>
    public async Task<string> DumpAsync(Func<bool> ask, TimeProvider time)
    {
        await _dumping.WaitAsync();
        try
        {
            lock (_dump)
            {
                _dump.Clear();
            }

            if (!ask())
            {
                return "";
            }

            var began = time.GetTimestamp();
            var length = 0;
            while (time.GetElapsedTime(began) < DumpPatience)
            {
                await Task.Delay(DumpPause, time);
                lock (_dump)
                {
                    if (length > 0 && _dump.Length == length)
                    {
                        break;
                    }

                    length = _dump.Length;
                }
            }

            lock (_dump)
            {
                return _dump.ToString();
            }
        }
        finally
        {
            _dumping.Release();
        }
    }

    /// <summary>Once the process has ended: logs the rest and stops, even if some child of it still holds a pipe.</summary>
    public async ValueTask DisposeAsync()
    {
        _stop.Dispose();
        await _ended.Task;
        _dumping.Dispose();
    }

    private void Read()
    {
        var buffer = new byte[16 * 1024];
        Span<bool> ready = stackalloc bool[4];
        try
        {
            while (_pipes[0] is not null || _pipes[1] is not null || _pipes[2] is not null)
            {
                Descriptors.WaitReadable(_pipes, ready);
                var some = false;
                for (var i = 0; i < 3; i++)
                {
                    if (ready[i])
                    {
                        some = true;
                        Take(i, buffer);
                    }
                }

                if (!some && ready[3])
                {
                    break;
                }
            }
        }
        catch (Exception error) when (error is System.ComponentModel.Win32Exception)
        {
            _errors.Add(Encoding.UTF8.GetBytes($"skitaid: cannot read this worker's output: {error.Message}\n"));
        }
        finally
        {
            _output.Flush();
            _errors.Flush();
            foreach (var pipe in _pipes)
            {
                pipe?.Dispose();
            }

            _ended.TrySetResult();
        }
    }

    private void Take(int which, byte[] buffer)
    {
        var count = Descriptors.Read(_pipes[which]!, buffer);
        if (count == 0)
        {
            _pipes[which]!.Dispose();
            _pipes[which] = null;
            return;
        }

        var bytes = buffer.AsSpan(0, count);
        if (which == 2)
        {
            lock (_dump)
            {
                if (_dump.Length < MaxDump)
                {
                    _dump.Append(Encoding.UTF8.GetString(bytes));
                }
            }
        }
        else
        {
            (which == 0 ? _output : _errors).Add(bytes);
        }
    }
}
