using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Skitai.Posix;

/// <summary>
/// A child process of ours, started with exactly the descriptors it is meant to have and in a process group of its own
/// (a Ctrl-C on the terminal reaches us alone). .NET's own Process class can hand over no descriptor.
/// </summary>
/// <remarks>
/// One thread per child starts it, waits for it and reports its end. That it is one and the same thread matters: a
/// child's parent-death signal (<see cref="ParentDeath"/>) fires when the <em>thread</em> that started it ends.
/// </remarks>
public sealed class ChildProcess
{
    private const int AttributeBytes = 512; // glibc: posix_spawnattr_t 336, posix_spawn_file_actions_t 80, sigset_t 128

    private readonly TaskCompletionSource<ChildExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _reaping = new();
    private bool _reaped;

    private ChildProcess()
    {
    }

    /// <summary>Its process id; also its process group's.</summary>
    public int Pid { get; private set; }

    /// <summary>Done when the child has ended and was reaped. Never fails.</summary>
    public Task<ChildExit> Exited => _exited.Task;

    /// <summary>Starts a child.</summary>
    /// <exception cref="Win32Exception">The program could not be started: not found, not executable, out of processes.</exception>
    public static ChildProcess Start(ChildStart start)
    {
        ArgumentNullException.ThrowIfNull(start);
        var child = new ChildProcess();
        using var started = new ManualResetEventSlim();
        var error = 0;
        var thread = new Thread(
            () =>
            {
                error = child.Spawn(start);
                // The starter disposes the event as soon as it is set: nothing of its frame is touched past this line.
                var failed = error != 0;
                started.Set();
                if (!failed)
                {
                    child.WaitForEnd(start.EndsGroup);
                }
            },
            maxStackSize: 256 * 1024)
        {
            IsBackground = true,
            Name = "child " + Path.GetFileName(start.File),
        };
        thread.Start();
        started.Wait();
        return error == 0 ? child : throw new Win32Exception(error, $"cannot start '{start.File}': {Marshal.GetPInvokeErrorMessage(error)}");
    }

    /// <summary>Sends a signal to the child; false when it has already ended.</summary>
    public bool Signal(int signal) => Send(signal, Pid);

    /// <summary>Sends a signal to the child and all of its process group; false when the child has already ended.</summary>
    public bool SignalGroup(int signal) => Send(signal, -Pid);

    private bool Send(int signal, int target)
    {
        // Under the lock the pid is still ours: it is free for another process only once it was reaped.
        lock (_reaping)
        {
            return !_reaped && Libc.kill(target, signal) == 0;
        }
    }

    private unsafe int Spawn(ChildStart start)
    {
        void* actions = NativeMemory.AllocZeroed(AttributeBytes);
        void* attributes = NativeMemory.AllocZeroed(AttributeBytes);
        void* signals = NativeMemory.AllocZeroed(AttributeBytes);
        byte** argv = Strings(start.Arguments);
        byte** envp = Strings((start.Environment ?? CurrentEnvironment()).Select(pair => $"{pair.Key}={pair.Value}").ToArray());
        var file = (byte*)Marshal.StringToCoTaskMemUTF8(start.File);
        var directory = (byte*)Marshal.StringToCoTaskMemUTF8(start.WorkingDirectory);
        try
        {
            _ = Libc.posix_spawn_file_actions_init(actions);
            _ = Libc.posix_spawnattr_init(attributes);
            if (directory != null)
            {
                _ = Libc.posix_spawn_file_actions_addchdir_np(actions, directory);
            }

            PassDescriptors(actions, start.Descriptors);

            // .NET ignores SIGPIPE and handles others; a child starts as from a shell.
            _ = Libc.sigemptyset(signals);
            _ = Libc.posix_spawnattr_setsigmask(attributes, signals);
            _ = Libc.sigfillset(signals);
            _ = Libc.posix_spawnattr_setsigdefault(attributes, signals);
            _ = Libc.posix_spawnattr_setpgroup(attributes, 0);
            var group = start.NewSession ? Libc.POSIX_SPAWN_SETSID : Libc.POSIX_SPAWN_SETPGROUP;
            _ = Libc.posix_spawnattr_setflags(attributes, (short)(group | Libc.POSIX_SPAWN_SETSIGDEF | Libc.POSIX_SPAWN_SETSIGMASK));

            int pid;
            var error = Libc.posix_spawnp(&pid, file, actions, attributes, argv, envp);
            if (error == 0)
            {
                Pid = pid;
            }

            return error;
        }
        finally
        {
            _ = Libc.posix_spawn_file_actions_destroy(actions);
            _ = Libc.posix_spawnattr_destroy(attributes);
            NativeMemory.Free(actions);
            NativeMemory.Free(attributes);
            NativeMemory.Free(signals);
            Free(argv);
            Free(envp);
            Marshal.FreeCoTaskMem((nint)file);
            Marshal.FreeCoTaskMem((nint)directory);
        }
    }

    /// <summary>
    /// Gives the child its descriptors without one step overwriting the source of a later one: every source first moves
    /// up above all sources and targets, then down to its number. (dup2 also clears close-on-exec, in the child only.)
    /// </summary>
    private static unsafe void PassDescriptors(void* actions, IReadOnlyList<(SafeHandle Handle, int Number)> descriptors)
    {
        var above = 0;
        foreach (var (handle, number) in descriptors)
        {
            above = Math.Max(above, Math.Max((int)handle.DangerousGetHandle(), number) + 1);
        }

        for (var i = 0; i < descriptors.Count; i++)
        {
            _ = Libc.posix_spawn_file_actions_adddup2(actions, (int)descriptors[i].Handle.DangerousGetHandle(), above + i);
        }

        for (var i = 0; i < descriptors.Count; i++)
        {
            _ = Libc.posix_spawn_file_actions_adddup2(actions, above + i, descriptors[i].Number);
            _ = Libc.posix_spawn_file_actions_addclose(actions, above + i);
        }
    }

    private unsafe void WaitForEnd(bool endsGroup)
    {
        // Waits without reaping: the pid stays a zombie, and so ours, until the waitpid under the lock has taken it.
        var info = stackalloc byte[128];
        while (Libc.waitid(Libc.P_PID, (uint)Pid, info, Libc.WEXITED | Libc.WNOWAIT) < 0
            && Marshal.GetLastPInvokeError() == Libc.EINTR)
        {
        }

        if (endsGroup)
        {
            // While the zombie is there, the group's number cannot be another's.
            _ = Libc.kill(-Pid, Signals.Kill);
        }

        int status;

        lock (_reaping)
        {
            while (Libc.waitpid(Pid, &status, 0) < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR)
            {
            }

            _reaped = true;
        }

        var signal = status & 0x7f;
        _exited.TrySetResult(signal == 0 ? new ChildExit((status >> 8) & 0xff, 0) : new ChildExit(-1, signal));
    }

    private static Dictionary<string, string> CurrentEnvironment()
    {
        var environment = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            environment[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return environment;
    }

    private static unsafe byte** Strings(IReadOnlyList<string> values)
    {
        var list = (byte**)NativeMemory.AllocZeroed((nuint)(values.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < values.Count; i++)
        {
            list[i] = (byte*)Marshal.StringToCoTaskMemUTF8(values[i]);
        }

        return list;
    }

    private static unsafe void Free(byte** list)
    {
        for (var at = list; *at != null; at++)
        {
            Marshal.FreeCoTaskMem((nint)(*at));
        }

        NativeMemory.Free(list);
    }
}
