namespace Skitaid.Explaining;

/// <summary>The app that answers.</summary>
/// <param name="Target">As in the conf, with the absolute directory.</param>
/// <param name="ModuleFile">The file of its module; null = it is not there.</param>
/// <param name="Callable">The name of the app in it.</param>
/// <param name="Python">The interpreter, found in PATH; null = it is not there.</param>
/// <param name="Processes">Worker processes.</param>
/// <param name="Threads">Threads in each; 0 = one request at a time.</param>
/// <param name="ScriptName">SCRIPT_NAME.</param>
/// <param name="PathInfo">PATH_INFO, decoded.</param>
internal sealed record ExplainedApp(
    string Target, string? ModuleFile, string Callable, string? Python, int Processes, int Threads, string ScriptName, string PathInfo);
