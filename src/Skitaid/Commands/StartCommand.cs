using System.Net.Sockets;
using System.Text;
using Skitai.Posix;
using Skitaid.Supervision;

namespace Skitaid.Commands;

/// <summary>
/// <c>skitaid</c>: starts the daemon in the background and returns when it serves, or says why it does not. The daemon is
/// this program once more, as <c>skitaid supervisor</c>, in a session of its own; until it is ready it talks to its starter
/// over descriptor 3. With <c>-v</c> it stays in the foreground.
/// </summary>
internal static class StartCommand
{
    private const int StarterDescriptor = 3;

    // No trouble that is told begins like these.
    private const string ReadyMark = "\u0001ready ";
    private const string NewsMark = "\u0001news ";

    /// <summary><c>skitaid</c> and <c>skitaid -v</c>.</summary>
    public static async Task<int> RunAsync(CommandLine line, CancellationToken cancellation)
    {
        if (line[OptionNames.Name] is { } name)
        {
            throw new UsageException($"a single instance is started with '{DaemonPlaces.Command(Places.Etc(line), $"-f {name} restart")}'");
        }

        return line.Has(OptionNames.Verbose)
            ? await Supervisor.RunAsync(Options(line) with { Console = Console.Out, Colours = Terminal.HasColours, HangUpEnds = Terminal.IsAttached, Tell = Console.Error.WriteLine })
            : await StartInBackgroundAsync(line, cancellation);
    }

    /// <summary><c>skitaid supervisor</c>: the background daemon itself.</summary>
    public static async Task<int> SuperviseAsync(CommandLine line)
    {
        Socket starter;
        try
        {
            starter = InheritedDescriptors.TakeSocket(StarterDescriptor);
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or SocketException)
        {
            throw new UsageException("'skitaid supervisor' is what 'skitaid' starts in the background; for the foreground use 'skitaid -v'");
        }

        using (starter)
        {
            return await Supervisor.RunAsync(Options(line) with { Tell = Tell, TellsWarnings = true, OnReady = OnReady });
        }

        void Tell(string text)
        {
            try
            {
                starter.Send(Encoding.UTF8.GetBytes(text + "\n"));
            }
            catch (Exception failure) when (failure is SocketException or ObjectDisposedException)
            {
                // It did not wait for us.
            }
        }

        void OnReady(Supervisor supervisor, int failed)
        {
            Tell(NewsMark + $"skitaid runs: pid {Environment.ProcessId}");
            foreach (var instance in supervisor.Instances.Where(instance => instance.IsRunning))
            {
                Tell(NewsMark + $"  {instance.Name}: {instance.Address}");
            }

            Tell(NewsMark + $"logs: {supervisor.Places.Log}");
            Tell(ReadyMark + (failed == 0 ? ExitCodes.Done : ExitCodes.Failed));

            // The starter's terminal is none of ours from here on.
            using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            InheritedDescriptors.Replace(1, nothing);
            InheritedDescriptors.Replace(2, nothing);
            starter.Dispose();
        }
    }

    private static SupervisorOptions Options(CommandLine line) => new()
    {
        Etc = Places.Etc(line),
        LogPath = Places.Absolute(line[OptionNames.LogPath]),
        VarPath = Places.Absolute(line[OptionNames.VarPath]),
        Tell = _ => { },
    };

    private static async Task<int> StartInBackgroundAsync(CommandLine line, CancellationToken cancellation)
    {
        List<string> arguments = ["skitaid", "supervisor", "--etc", Places.Etc(line)];
        foreach (var option in new[] { OptionNames.LogPath, OptionNames.VarPath })
        {
            if (Places.Absolute(line[option]) is { } path)
            {
                arguments.AddRange([option, path]);
            }
        }

        var (ours, theirs) = Pairs.CreateSockets();
        ChildProcess daemon;
        using (theirs)
        using (var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
        {
            daemon = ChildProcess.Start(new ChildStart
            {
                File = OwnProgram.Path,
                Arguments = arguments,
                WorkingDirectory = "/",
                NewSession = true,
                Descriptors = [(nothing, 0), (theirs, 1), (theirs, 2), (theirs, StarterDescriptor)],
            });
        }

        using var stream = new NetworkStream(ours, ownsSocket: true);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        List<string> news = [];
        while (await ReadLineAsync(reader, cancellation) is { } told)
        {
            if (told.StartsWith(ReadyMark, StringComparison.Ordinal))
            {
                var exit = int.Parse(told.AsSpan(ReadyMark.Length));
                foreach (var text in news)
                {
                    await (exit == ExitCodes.Done ? Console.Out : Console.Error).WriteLineAsync(text);
                }

                return exit;
            }

            if (told.StartsWith(NewsMark, StringComparison.Ordinal))
            {
                news.Add(told[NewsMark.Length..]);
            }
            else
            {
                await Console.Error.WriteLineAsync(told);
            }
        }

        var end = await daemon.Exited.WaitAsync(cancellation);
        if (end.Signal != 0)
        {
            await Console.Error.WriteLineAsync($"skitaid: the daemon was killed by signal {end.Signal} while it started");
        }

        return end.Signal == 0 && end.Code != ExitCodes.Done ? end.Code : ExitCodes.Failed;
    }

    private static async Task<string?> ReadLineAsync(StreamReader reader, CancellationToken cancellation)
    {
        try
        {
            return await reader.ReadLineAsync(cancellation);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
