using System.Runtime.InteropServices;
using Skitaid.Commands;
using Skitaid.Supervision;

Terminal.OutliveIt();
try
{
    var line = CommandLine.Parse(args);
    if (line.Has(OptionNames.Help) || line.Command == "help")
    {
        Console.WriteLine(HelpText.Text);
        return ExitCodes.Done;
    }

    if (line.Has(OptionNames.Version) || line.Command == "version")
    {
        Console.WriteLine($"skitaid {OwnProgram.Version}");
        return ExitCodes.Done;
    }

    switch (line.Command)
    {
        case "supervisor":
            return await StartCommand.SuperviseAsync(line);
        case "instance":
            return await InstanceHost.RunAsync(line[OptionNames.Name] ?? throw new UsageException("instance needs -f NAME"), Places.Find(line));
        case "start" when line.Has(OptionNames.Verbose):
            return await StartCommand.RunAsync(line, CancellationToken.None);
        case "run":
            return await RunCommand.RunAsync(line, CancellationToken.None);
        case "demo":
            return await DemoCommand.RunAsync(line);
        case "test":
            return TestCommand.Run(line);
        case "explain":
            return await ExplainCommand.RunAsync(line);
        case "init":
            return InitCommand.Run(line);
        default:
            using (var cancelled = new CancellationTokenSource())
            using (PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
            {
                context.Cancel = true;
                cancelled.Cancel();
            }))
            {
                return line.Command switch
                {
                    "start" => await StartCommand.RunAsync(line, cancelled.Token),
                    "member" => await MemberCommand.RunAsync(line, cancelled.Token),
                    "purge" => await PurgeCommand.RunAsync(line, cancelled.Token),
                    "log" => await LogCommand.RunAsync(line, cancelled.Token),
                    _ => await DaemonCommands.RunAsync(line, cancelled.Token),
                };
            }
    }
}
catch (UsageException failure)
{
    Console.Error.WriteLine($"skitaid: {failure.Message}");
    return ExitCodes.Usage;
}
catch (OperationCanceledException)
{
    return ExitCodes.Failed;
}
catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception)
{
    Console.Error.WriteLine($"skitaid: {failure.Message}");
    return ExitCodes.Failed;
}
