/** Whether only this machine can reach an address to listen on. */
export const isLoopback = (address: string): boolean => address === "localhost" || address === "::1" || /^127(\.\d{1,3}){3}$/.test(address);
